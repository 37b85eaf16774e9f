"""What was switched off stays off; what was told to senders is told again."""

from django.db import migrations

KEEP_MODES = """
    UPDATE workflows_app_source SET mode = 'off' WHERE NOT is_active
"""
KEEP_REPLIES = """
    UPDATE workflows_app_delivery SET reply = json_build_object('run_id', run_id)
"""


class Migration(migrations.Migration):

    dependencies = [("workflows_app", "0010_sources_and_deliveries")]

    operations = [
        migrations.RunSQL(KEEP_MODES, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_REPLIES, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="source", name="is_active"),
    ]
