import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("workflows_app", "0011_modes_of_sources"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="inputresponse",
            options={
                "ordering": ["-at"],
                "permissions": [
                    ("compare_reviewers", "Can see figures of each reviewer: data of people")
                ],
            },
        ),
        migrations.AddField(
            model_name="inputresponse",
            name="asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="inputresponse",
            name="workflow",
            field=models.CharField(max_length=100, default=""),
        ),
        migrations.AddField(
            model_name="inputresponse",
            name="groups",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=150),
                blank=True,
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="inputresponse",
            name="line",
            field=models.BigIntegerField(
                blank=True,
                help_text="The last line of the run\x27s log when it was given; 0 when that is not known, empty for the copy of a vote that was given in another run.",
                null=True,
            ),
        ),
    ]
