import django.contrib.postgres.fields
import django.db.models.deletion
import workflows_app.models.receiver
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('workflows_app', '0015_read_tags_at_once'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='callback',
            name='tell_each_receiver_once',
        ),
        migrations.RenameModel(old_name='Callback', new_name='Message'),
        # Who was permitted to look at callbacks may look at messages.
        migrations.RunSQL(
            """
            UPDATE auth_permission SET codename = replace(codename, 'callback', 'message'),
                name = replace(name, 'callback', 'outgoing message')
            WHERE codename LIKE '%\\_callback' AND content_type_id IN
                (SELECT id FROM django_content_type WHERE app_label = 'workflows_app')
            """,
            "",
        ),
        # Jobs of the old name; the watch loop makes those that are missing.
        migrations.RunSQL("DELETE FROM pgqueuer WHERE entrypoint = 'callback'", ""),
        migrations.CreateModel(
            name='MailWish',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='mail_wish', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('told_when', models.CharField(choices=[('asked', 'When I or one of my groups is asked'), ('named', 'When I am asked by name'), ('never', 'Never')], default='asked', max_length=8)),
            ],
        ),
        migrations.AlterModelOptions(
            name='message',
            options={'ordering': ['-created_at'], 'verbose_name': 'outgoing message'},
        ),
        migrations.RenameIndex(
            model_name='message',
            new_name='message_due',
            old_name='callback_due',
        ),
        migrations.RenameIndex(
            model_name='message',
            new_name='message_failed',
            old_name='callback_failed',
        ),
        migrations.AddField(
            model_name='message',
            name='channel',
            field=models.CharField(choices=[('callback', 'Callback'), ('slack', 'Slack'), ('mail', 'e-mail')], default='callback', max_length=16),
        ),
        migrations.AddField(
            model_name='message',
            name='occurrence',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='message',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='message',
            name='request',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='workflows_app.inputrequest'),
        ),
        migrations.AddField(
            model_name='receiver',
            name='channel',
            field=models.CharField(choices=[('callback', 'Callback'), ('slack', 'Slack'), ('mail', 'e-mail')], default='callback', editable=False, max_length=16),
        ),
        migrations.AddField(
            model_name='receiver',
            name='kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('run.finished', 'a run has ended'), ('request.opened', 'a request has been opened'), ('request.escalated', 'a request has been escalated to more groups'), ('request.answered', 'a request has been answered, and the answer counts'), ('request.expired', 'a request has expired without an answer'), ('request.withdrawn', 'a request has been withdrawn, as its run has ended')], max_length=40), default=workflows_app.models.receiver.told_by_default, size=None, verbose_name='told when'),
        ),
        migrations.AlterField(
            model_name='message',
            name='receiver',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='workflows_app.receiver'),
        ),
        migrations.AlterField(
            model_name='message',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='workflows_app.run'),
        ),
        migrations.AlterField(
            model_name='message',
            name='status',
            field=models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('superseded', 'Superseded')], default='pending', max_length=16),
        ),
        migrations.AlterField(
            model_name='receiver',
            name='secret',
            field=models.CharField(blank=True, help_text='Standard Webhooks secret, whsec_…', max_length=200),
        ),
        migrations.AlterField(
            model_name='receiver',
            name='url',
            field=models.URLField(blank=True, max_length=500),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(condition=models.Q(('request', None)), fields=('run', 'receiver', 'kind'), name='tell_each_receiver_once'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(condition=models.Q(('receiver__isnull', False), ('request__isnull', False)), fields=('request', 'receiver', 'kind', 'occurrence'), name='tell_each_receiver_of_a_request_once'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(condition=models.Q(('person__isnull', False)), fields=('request', 'person', 'kind', 'occurrence'), name='tell_each_person_once'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('person__isnull', False), ('receiver', None)), models.Q(('person', None), ('receiver__isnull', False)), _connector='OR'), name='tell_a_receiver_or_a_person'),
        ),
    ]
