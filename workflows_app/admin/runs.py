"""Runs with their logs and snapshots, and the definitions they are pinned to."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from workflows_app import access
from workflows_app.engine.errors import RunFinishedError
from workflows_app.models import Definition, Run, RunEvent, RunInbox, Snapshot
from workflows_app.runtime.handler import Handler

from .base import (
    RUN_TEXTS,
    ReadOnlyAdmin,
    RunWorkflowFilter,
    WorkflowFilter,
    link,
    shortened,
)

MOST_ABORTED = 200
"""Runs that one action may abort: each is a transaction of its own."""

RELATED = ("runevent", "snapshot", "inputrequest", "message", "delivery")


class AbortForm(forms.Form):
    """Why runs are aborted; their log keeps it."""

    reason = forms.CharField(max_length=500, widget=forms.Textarea({"rows": 3}))


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """All runs; the page of a run tells its story."""

    run_path = "pk"
    deferred = (*RUN_TEXTS, *(f"parent__{text}" for text in RUN_TEXTS))
    list_display = (
        "short_id",
        "page",
        "workflow",
        "status",
        "paused",
        "priority",
        "started_by",
        "source",
        "created_at",
        "finished_at",
    )
    list_select_related = ("started_by", "source")
    list_filter = ("status", "paused", WorkflowFilter, "created_at")
    search_fields = ("id__endswith", "workflow__istartswith")
    search_help_text = "The end of an id, or the beginning of a workflow's name"
    actions = ("abort_runs",)
    fields = (
        ("id", "page"),
        ("workflow", "definition", "status", "paused"),
        "related",
        ("root_id", "parent", "forked_from", "priority"),
        ("started_by", "source", "groups", "tags"),
        "idempotency_key",
        "input_text",
        "result_text",
        "error_text",
        ("created_at", "changed_at", "finished_at", "timeout_at"),
        ("revision", "last_number", "resumed_from"),
        "state_text",
    )

    @admin.display(description="page")
    def page(self, run: Run) -> SafeString:
        return link(f"/runs/{run.pk}/", "Open")

    @admin.display(description="more of it")
    def related(self, run: Run) -> SafeString:
        lists = (
            (reverse(f"admin:workflows_app_{name}_changelist"), run.pk, name)
            for name in RELATED
        )
        return format_html_join(" · ", '<a href="{}?run__id__exact={}">{}</a>', lists)

    @admin.display(description="input")
    def input_text(self, run: Run) -> str:
        return shortened(run.input)

    @admin.display(description="result")
    def result_text(self, run: Run) -> str:
        return shortened(run.result)

    @admin.display(description="error")
    def error_text(self, run: Run) -> str:
        return shortened(run.error)

    @admin.display(description="state")
    def state_text(self, run: Run) -> str:
        return shortened(run.state)

    def view_on_site(self, run: Run) -> str:
        return f"/runs/{run.pk}/"

    @admin.action(description="Abort selected runs…", permissions=["operate"])
    def abort_runs(
        self, request: HttpRequest, queryset: QuerySet[Run]
    ) -> TemplateResponse | None:
        """Ask for the reason first."""
        runs = list(queryset[:MOST_ABORTED])
        form = AbortForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            self._abort(request, runs, form.cleaned_data["reason"])
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Abort runs",
            "opts": self.opts,
            "runs": runs,
            "form": form,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(
            request, "admin/workflows_app/run/abort_runs.html", context
        )

    def _abort(self, request: HttpRequest, runs: list[Run], reason: str) -> None:
        aborted = sum(_abort(request, run, reason) for run in runs)
        self.message_user(request, f"{aborted} aborted.", messages.SUCCESS)
        if ended := len(runs) - aborted:
            text = f"{ended} had ended before; nothing was changed there."
            self.message_user(request, text, messages.WARNING)


def _abort(request: HttpRequest, run: Run, reason: str) -> bool:
    """Whether the run ended by this."""
    assert access.may_operate(request.user, run), "the action is for operators"
    try:
        applied = Handler(run.pk).abort(
            actor=request.user.get_username(), reason=reason
        )
    except RunFinishedError:
        return False
    return bool(applied.commands)


@admin.register(RunEvent)
class RunEventAdmin(ReadOnlyAdmin):
    """The log of all runs, newest first; nobody writes it but the engine."""

    run_path = "run"
    deferred = tuple(f"run__{text}" for text in RUN_TEXTS)
    list_display = ("at", "run", "number", "kind", "step", "actor", "door")
    list_select_related = ("run",)
    list_filter = ("at", RunWorkflowFilter)
    search_fields = ("kind__istartswith", "actor__iexact")
    search_help_text = "The beginning of a kind, or somebody's name"
    ordering = ("-id",)
    fields = (
        ("run", "number", "at"),
        ("kind", "step", "call", "attempt"),
        ("actor_kind", "actor", "door"),
        "body_text",
    )

    @admin.display(description="body")
    def body_text(self, line: RunEvent) -> str:
        return shortened(line.body)

    def view_on_site(self, line: RunEvent) -> str:
        return f"/runs/{line.run_id}/"


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    """Copies of runs, as they were."""

    run_path = "run"
    deferred = (
        "state",
        "values",
        "inbox",
        "children",
        *(f"run__{text}" for text in RUN_TEXTS),
    )
    list_display = ("taken_at", "run", "cause", "number", "revision")
    list_select_related = ("run",)
    list_filter = ("cause", RunWorkflowFilter, "taken_at")
    fields = (
        ("run", "taken_at", "cause"),
        ("number", "revision"),
        "state_text",
        "values_text",
        "children_text",
    )

    @admin.display(description="state")
    def state_text(self, snapshot: Snapshot) -> str:
        return shortened(snapshot.state)

    @admin.display(description="values")
    def values_text(self, snapshot: Snapshot) -> str:
        return shortened(snapshot.values)

    @admin.display(description="children")
    def children_text(self, snapshot: Snapshot) -> str:
        return shortened(snapshot.children)

    def view_on_site(self, snapshot: Snapshot) -> str:
        return f"/runs/{snapshot.run_id}/"


@admin.register(RunInbox)
class RunInboxAdmin(ReadOnlyAdmin):
    """News between runs that nobody has taken in yet: mostly none."""

    run_path = "target"
    deferred = ("tick", *(f"target__{text}" for text in RUN_TEXTS))
    list_display = ("created_at", "target", "sender", "number")
    list_select_related = ("target",)
    fields = (("target", "sender", "number", "created_at"), "tick_text")

    @admin.display(description="news")
    def tick_text(self, news: RunInbox) -> str:
        return shortened(news.tick)

    def view_on_site(self, news: RunInbox) -> str:
        return f"/runs/{news.target_id}/"


@admin.register(Definition)
class DefinitionAdmin(ReadOnlyAdmin):
    """Each version of a workflow that a worker ever offered."""

    deferred = ("body",)
    list_display = ("name", "version", "short_digest", "published_at")
    list_filter = ("published_at",)
    search_fields = ("name__istartswith", "digest__startswith")
    ordering = ("name", "-published_at")
    fields = ("name", "version", "digest", "published_at", "body")

    @admin.display(description="digest", ordering="digest")
    def short_digest(self, definition: Definition) -> str:
        return definition.digest[:12]

    def view_on_site(self, definition: Definition) -> str:
        return f"/runs/?workflow={definition.name}"
