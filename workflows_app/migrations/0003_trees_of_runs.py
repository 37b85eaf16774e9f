"""Runs with parents and priorities, votes that are taken back, calls that wait."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

FILL = """
    UPDATE workflows_app_run SET root_id = id;
    UPDATE workflows_app_inputrequest SET due_at = expires_at WHERE status = 'open';
"""


class Migration(migrations.Migration):
    dependencies = [("workflows_app", "0002_job_queue")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="root_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The run whose sub-workflow step this one does.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="children",
                to="workflows_app.run",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="parent_call",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="parent_attempt",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="parent_branch",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="forked_from",
            field=models.UUIDField(
                blank=True,
                help_text="The run of the snapshot that it began from.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="priority",
            field=models.IntegerField(
                default=0, help_text="Higher ones get workers first."
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="not_before",
            field=models.DateTimeField(
                help_text="When its back-off is over, or its start is due.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="worker",
            field=models.CharField(
                blank=True,
                help_text="Who runs it; empty while nobody does.",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="inputrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("open", "Open"),
                    ("decided", "decided, can be undone"),
                    ("answered", "Answered"),
                    ("expired", "Expired"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="open",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="inputrequest",
            name="effective_at",
            field=models.DateTimeField(
                blank=True, help_text="When what was decided counts.", null=True
            ),
        ),
        migrations.AddField(
            model_name="inputrequest",
            name="due_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When something happens next by itself.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="inputresponse",
            name="decides",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="inputresponse",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="inbox",
            field=models.TextField(
                default="[]", help_text="News that it had not taken in."
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="children",
            field=models.TextField(
                default="[]", help_text="The runs that work for it, at the same moment."
            ),
        ),
        migrations.CreateModel(
            name="RunInbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("sender", models.UUIDField()),
                (
                    "number",
                    models.BigIntegerField(
                        help_text="Counts up with what the sender did."
                    ),
                ),
                ("tick", models.TextField(help_text="What it tells, as plain JSON.")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inbox",
                        to="workflows_app.run",
                    ),
                ),
            ],
            options={"verbose_name_plural": "run inbox", "ordering": ["id"]},
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="run",
            name="root_id",
            field=models.UUIDField(
                help_text="The run at the top of the tree of runs; a run without a parent itself."
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("parent__isnull", False)),
                fields=["root_id"],
                name="run_tree",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("parent__isnull", False)),
                fields=("parent", "parent_call", "parent_attempt", "parent_branch"),
                name="run_each_branch_once",
            ),
        ),
        migrations.AddIndex(
            model_name="runinbox",
            index=models.Index(fields=["created_at"], name="inbox_oldest"),
        ),
        migrations.AddConstraint(
            model_name="runinbox",
            constraint=models.UniqueConstraint(
                fields=("target", "sender", "number"), name="take_in_each_news_once"
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("not_before__isnull", False)),
                fields=["not_before"],
                name="call_due",
            ),
        ),
        migrations.RemoveIndex(model_name="inputrequest", name="request_due"),
        migrations.AddIndex(
            model_name="inputrequest",
            index=models.Index(
                condition=models.Q(
                    ("due_at__isnull", False), ("status__in", ["open", "decided"])
                ),
                fields=["due_at"],
                name="request_due",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="inputresponse", name="decide_each_request_once"
        ),
        migrations.AddConstraint(
            model_name="inputresponse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decides", True), ("withdrawn_at__isnull", True)),
                fields=("request",),
                name="decide_each_request_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="inputresponse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("request", "responder_kind", "responder"),
                name="count_each_voter_once",
            ),
        ),
    ]
