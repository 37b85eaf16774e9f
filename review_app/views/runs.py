"""The runs: their list, the page of one, and what operators do with it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from review_app import fragments
from review_app.run_list import PAUSED, RunList
from review_app.run_page import SHOWN_LINES, TABS, TIMELINE, RunPage
from workflows_app import access
from workflows_app.engine.errors import RunFinishedError
from workflows_app.models import Run
from workflows_app.models import Snapshot as Row
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.snapshots import taking as snapshots
from workflows_app.stream import log

from .account import signed_in
from .decision import SeeOther
from .queue import reader

LONGEST_NUMBER = 18
LONGEST_REASON = 500


@require_safe
@signed_in
def runs(request: HttpRequest) -> HttpResponse:
    """Show one page of the runs that the address asks for."""
    view = RunList.read(request.GET)
    context = {
        "view": view,
        "page": view.page(reader(request), request.GET.get("after", "")),
        "workflows": view.workflows(),
        "statuses": [*Run.Status.choices, (PAUSED, "paused")],
    }
    return render(request, "review/runs.html", context)


@require_safe
@signed_in
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a run; to htmx only what may have changed at its head."""
    found = _get(request, pk)
    if request.headers.get("HX-Request"):
        page = RunPage(found, reader(request))
        return render(request, "review/_run_head.html", page.head())
    return _page(request, found)


@require_safe
@signed_in
def events(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Rows above a number for a page without a socket, or one line in full."""
    found = _get(request, pk)
    if "line" in request.GET:
        return _event(request, found, _number(request, "line") or 0)
    after = _number(request, "after") or 0
    rows = list(fragments.draw_lines(pk, after=after, most=SHOWN_LINES))
    if not rows:
        return HttpResponse(status=204)
    status = fragments.draw_status(pk, found.last_number)
    return HttpResponse(mark_safe("".join([*rows, status])))  # noqa: S308 - templates'


@require_safe
@signed_in
def snapshot(request: HttpRequest, pk: UUID, snapshot_pk: UUID) -> HttpResponse:
    """Hand a snapshot out, to be taken anywhere."""
    found = _get_to_operate(request, pk)
    row = Row.objects.filter(run=found, pk=snapshot_pk).first()
    if row is None:
        raise Http404("There is no such snapshot for you.")
    name = f"{found.workflow}-{found.short_id}-{row.number}.json"
    response = HttpResponse(snapshots.read(row).dump(), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
@signed_in
def pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Start nothing new in the run."""
    return _act(request, pk, lambda run, actor: run.hold(actor=actor))


@require_POST
@signed_in
def resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let the run go on."""
    return _act(request, pk, lambda run, actor: run.resume_in_place(actor=actor))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def abort(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask whether, and why; then end the run."""
    if request.method != "POST":
        found = _get_to_operate(request, pk)
        context = {"run": found, "open_requests": fragments.count_open(found)}
        return render(request, "review/abort.html", context)
    reason = request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
    return _act(request, pk, lambda run, actor: run.abort(actor=actor, reason=reason))


def _act(
    request: HttpRequest, pk: UUID, verb: Callable[[Handler, str], Any]
) -> HttpResponse:
    _get_to_operate(request, pk)
    try:
        verb(Handler(pk), reader(request).get_username())
    except RunFinishedError as refusal:
        return _page(request, _get(request, pk), refusal=str(refusal))
    return SeeOther(reverse("review:run", args=[pk]))


def _get(request: HttpRequest, pk: UUID) -> Run:
    try:
        return access.get_run(request.user, pk)
    except Run.DoesNotExist:
        raise Http404("There is no such run for you.") from None


def _get_to_operate(request: HttpRequest, pk: UUID) -> Run:
    found = _get(request, pk)
    if not access.may_operate(request.user, found):
        raise Http404("There is no such run for you.")
    return found


def _page(request: HttpRequest, found: Run, *, refusal: str = "") -> HttpResponse:
    tab = request.GET.get("tab", TIMELINE)
    page = RunPage(
        run=found,
        user=reader(request),
        tab=tab if tab in TABS else TIMELINE,
        before=_number(request, "before"),
    )
    context = {**page.context(), "refusal": refusal}
    status = 409 if refusal else 200
    return render(request, "review/run.html", context, status=status)


def _event(request: HttpRequest, found: Run, number: int) -> HttpResponse:
    line = next(iter(log.read(found.pk, after=number - 1, most=1)), None)
    if line is None or line.number != number:
        raise Http404("There is no such line.")
    context = {"run": found, "line": line, "after_line": number + 1}
    return render(request, "review/event.html", context)


def _number(request: HttpRequest, name: str) -> int | None:
    """A number of a line; None for anything else."""
    text = request.GET.get(name, "")
    is_number = text.isdecimal() and len(text) <= LONGEST_NUMBER
    return int(text) if is_number else None
