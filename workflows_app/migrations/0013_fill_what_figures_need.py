from django.db import migrations

FILL = """
    UPDATE workflows_app_inputresponse response SET asked_at = request.opened_at,
        workflow = request.workflow, groups = request.groups, line = 0
    FROM workflows_app_inputrequest request
    WHERE request.id = response.request_id AND response.asked_at IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ("workflows_app", "0012_what_figures_need"),
    ]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
