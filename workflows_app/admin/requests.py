"""Questions to people and their answers: to be read, and nothing else."""

from django.contrib import admin
from django.utils.safestring import SafeString

from workflows_app.models import InputRequest, InputResponse

from .base import RUN_TEXTS, ReadOnlyAdmin, WorkflowFilter, link, shortened


class RequestWorkflowFilter(WorkflowFilter):
    """By the workflow that asked."""

    field = "request__workflow"


@admin.register(InputRequest)
class InputRequestAdmin(ReadOnlyAdmin):
    """All questions; they are answered on their own page, never here."""

    run_path = "run"
    deferred = ("shown", *(f"run__{text}" for text in RUN_TEXTS))
    list_display = (
        "subject",
        "page",
        "run",
        "status",
        "assignees",
        "groups",
        "priority",
        "opened_at",
        "expires_at",
        "closed_at",
    )
    list_select_related = ("run",)
    list_filter = ("status", WorkflowFilter, "opened_at")
    search_fields = ("id__endswith", "subject__icontains", "request_id__istartswith")
    search_help_text = "The end of an id, the author's name for it, or its subject"
    ordering = ("-opened_at",)
    fields = (
        ("id", "page"),
        ("run", "workflow", "step", "request_id"),
        ("subject", "status", "priority"),
        ("assignees", "groups", "tags"),
        ("opened_at", "expires_at", "closed_at"),
        ("effective_at", "due_at"),
        ("digest", "previous"),
        "policy",
        "shown_text",
    )

    @admin.display(description="page")
    def page(self, request: InputRequest) -> SafeString:
        return link(f"/requests/{request.pk}/", "Open")

    @admin.display(description="shown")
    def shown_text(self, request: InputRequest) -> str:
        return shortened(request.shown)

    def view_on_site(self, request: InputRequest) -> str:
        return f"/requests/{request.pk}/"


@admin.register(InputResponse)
class InputResponseAdmin(ReadOnlyAdmin):
    """The votes: those that decided, those that did not, those that were taken back."""

    run_path = "run"
    deferred = ("answer", "request__shown")
    list_display = ("at", "request", "page", "outcome", "decides", "responder", "door")
    list_select_related = ("request",)
    list_filter = ("door", "responder_kind", RequestWorkflowFilter, "at")
    search_fields = ("id__endswith", "responder__iexact", "outcome__iexact")
    search_help_text = "The end of an id, a responder, or an outcome"
    fields = (
        ("request", "page", "run"),
        ("outcome", "at"),
        ("decides", "withdrawn_at"),
        ("responder_kind", "responder", "user", "door"),
        "reason",
        "answer_text",
        "idempotency_key",
    )

    @admin.display(description="page")
    def page(self, response: InputResponse) -> SafeString:
        return link(f"/requests/{response.request_id}/", "Open")

    @admin.display(description="answer")
    def answer_text(self, response: InputResponse) -> str:
        return shortened(response.answer)

    def view_on_site(self, response: InputResponse) -> str:
        return f"/requests/{response.request_id}/"
