"""The app of workflows: runs, their tables, and the runtime."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class WorkflowsConfig(AppConfig):
    """Registers the durable runtime with the engine, and the groups with `migrate`."""

    name = "workflows_app"
    verbose_name = "Workflows"

    def ready(self) -> None:
        from workflows_app.engine import runner  # noqa: PLC0415 - models come first
        from workflows_app.runtime.durable import DurableRunner  # noqa: PLC0415

        from .roles import make_roles, note_permissions  # noqa: PLC0415

        runner.register(DurableRunner())
        pre_migrate.connect(note_permissions, sender=self)
        post_migrate.connect(make_roles, sender=self)
