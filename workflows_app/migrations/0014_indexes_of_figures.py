from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("workflows_app", "0013_fill_what_figures_need"),
    ]

    operations = [
        migrations.AlterField(
            model_name="inputresponse",
            name="asked_at",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="inputresponse",
            name="workflow",
            field=models.CharField(max_length=100),
        ),
        migrations.RemoveIndex(
            model_name="inputrequest",
            name="request_closed",
        ),
        migrations.AddIndex(
            model_name="inputrequest",
            index=models.Index(fields=["-closed_at"], include=["opened_at"], name="request_closed"),
        ),
        migrations.AddIndex(
            model_name="inputresponse",
            index=models.Index(condition=models.Q(("decides", True), ("line__isnull", False), ("withdrawn_at__isnull", True)), fields=["-at", "-id"], name="response_decisions"),
        ),
        migrations.AddIndex(
            model_name="inputresponse",
            index=models.Index(condition=models.Q(("decides", True), ("withdrawn_at__isnull", False)), fields=["-withdrawn_at", "-id"], name="response_undone"),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(condition=models.Q(("taken_over_by__isnull", False)), fields=["-ended_at", "-id"], name="claim_taken_over"),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(condition=models.Q(("status", "failed")), fields=["-created_at"], name="callback_failed"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(condition=models.Q(("finished_at__isnull", True)), fields=["-created_at", "-id"], name="run_unfinished"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(condition=models.Q(("error__isnull", False)), fields=["-created_at", "-id"], name="run_with_error"),
        ),
    ]
