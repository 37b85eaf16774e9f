"""Indexes by which open requests are found by a tag, and by a part of their subject.

Without them the queue looked at each of a hundred thousand open requests: 150 ms. For
parts of a text there is `holdpoint_grams`: the embedded server has no pg_trgm. Entries
are few, so they are made at once; a list of those that are pending is read again by
every search. Of a subject they are more, so some are collected, but not megabytes.
"""

import django.contrib.postgres.indexes
from django.db import migrations, models

import workflows_app.models.grams

GRAMS = """
    CREATE FUNCTION holdpoint_grams(whole text) RETURNS text[]
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$
            SELECT array_agg(DISTINCT substr(upper(whole), place, 3))
            FROM generate_series(1, length(upper(whole)) - 2) place
        $$
"""
GONE = "DROP FUNCTION holdpoint_grams(text)"


class Migration(migrations.Migration):

    dependencies = [
        ("workflows_app", "0018_newest_messages"),
    ]

    operations = [
        migrations.RunSQL(GRAMS, GONE),
        migrations.RemoveIndex(
            model_name="inputrequest",
            name="request_groups",
        ),
        migrations.RemoveIndex(
            model_name="inputrequest",
            name="request_assignees",
        ),
        migrations.AddIndex(
            model_name="inputrequest",
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(("status", "open")), fastupdate=False, fields=["groups"], name="request_groups"),
        ),
        migrations.AddIndex(
            model_name="inputrequest",
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(("status", "open")), fastupdate=False, fields=["assignees"], name="request_assignees"),
        ),
        migrations.AddIndex(
            model_name="inputrequest",
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(("status", "open")), fastupdate=False, fields=["tags"], name="request_tags"),
        ),
        migrations.AddIndex(
            model_name="inputrequest",
            index=django.contrib.postgres.indexes.GinIndex(workflows_app.models.grams.Grams("subject"), condition=models.Q(("status", "open")), gin_pending_list_limit=256, name="request_subject"),
        ),
    ]
