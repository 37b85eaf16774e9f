"""The workers: who is there, how busy, and the verbs to take one out of work."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from workflows_app.engine.errors import WorkerNotFoundError, WorkerStoppedError
from workflows_app.models import Worker
from workflows_app.runtime import workers
from workflows_app.runtime.workers import WorkerReport

from .base import ReadOnlyAdmin

MOST_DRAINED = 200
"""Workers that one action may drain."""


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """What each worker said last; nobody writes it but the worker."""

    list_display = ("name", "state", "load", "heartbeat", "started_at", "stopped_at")
    list_filter = ("host", "is_draining")
    search_fields = ("host__icontains",)
    search_help_text = "A part of the host's name"
    actions = ("drain_workers", "undrain_workers")
    fields = (
        ("host", "pid"),
        ("state", "load", "is_draining"),
        "heartbeat",
        ("started_at", "seen_at", "stopped_at"),
        "id",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return workers.workers(request.user)

    @admin.display(description="worker", ordering="host")
    def name(self, worker: Worker) -> str:
        return str(worker)

    @admin.display(ordering="state")
    def state(self, worker: Any) -> str:
        return str(worker.state)

    @admin.display(ordering="busy")
    def load(self, worker: Worker) -> str:
        return f"{worker.busy} of {worker.slots}"

    @admin.display(description="last heartbeat", ordering="-seen_at")
    def heartbeat(self, worker: Any) -> str:
        return f"{worker.ago.total_seconds():,.0f} s ago"

    @admin.action(description="Drain selected workers…", permissions=["operate"])
    def drain_workers(
        self, request: HttpRequest, queryset: QuerySet[Worker]
    ) -> TemplateResponse | None:
        """Say first what it means."""
        chosen = list(queryset[:MOST_DRAINED])
        if "confirmed" in request.POST:
            self._tell(request, chosen, workers.drain)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Drain workers",
            "opts": self.opts,
            "workers": chosen,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(
            request, "admin/workflows_app/worker/drain.html", context
        )

    @admin.action(
        description="Give selected workers work again", permissions=["operate"]
    )
    def undrain_workers(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._tell(request, list(queryset[:MOST_DRAINED]), workers.undrain)

    def _tell(
        self,
        request: HttpRequest,
        chosen: list[Worker],
        verb: Callable[[UUID, Any], WorkerReport],
    ) -> None:
        """A message for each, with what came of it."""
        for worker in chosen:
            try:
                report = verb(worker.pk, request.user)
            except (WorkerNotFoundError, WorkerStoppedError) as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            else:
                text = f"Worker {worker}: {report.state}."
                self.message_user(request, text, messages.SUCCESS)
