"""Write the states of runs and snapshots as the engine of today reads them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from workflows_app.engine.first_state import upgrade


def rewrite(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for name in ("Run", "Snapshot"):
        rows = apps.get_model("workflows_app", name).objects
        old = rows.filter(state__contains='"calls":[').only("pk", "state")
        for row in old.iterator(chunk_size=500):
            rows.filter(pk=row.pk).update(state=upgrade(row.state))


class Migration(migrations.Migration):
    dependencies = [("workflows_app", "0003_trees_of_runs")]
    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop)]
