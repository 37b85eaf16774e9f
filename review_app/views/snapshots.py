"""Snapshots of a run: taken away, compared, and gone on from."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from review_app.run.compare import TooLargeError, compare
from review_app.run.hindrance import Hindrance
from review_app.run.points import Point, find_repetition
from workflows_app.engine.errors import EngineError
from workflows_app.engine.snapshot import Snapshot
from workflows_app.models import Run
from workflows_app.models import Snapshot as Row
from workflows_app.runtime.snapshots import resuming, taking
from workflows_app.shown.redaction import Redactor

from .account import signed_in
from .decision import SeeOther
from .queue import reader
from .runs import get_run_to_operate


@require_safe
@signed_in
def take(request: HttpRequest, pk: UUID, snapshot_pk: UUID) -> HttpResponse:
    """Hand a snapshot out, to be taken anywhere."""
    found, row = _get(request, pk, snapshot_pk)
    return _file(found, taking.read(row), str(row.number))


@require_safe
@signed_in
def take_now(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand the run out as it is now."""
    found = get_run_to_operate(request, pk)
    return _file(found, taking.take(pk), "now")


def _file(found: Run, snapshot: Snapshot, place: str) -> HttpResponse:
    name = f"{found.workflow}-{found.short_id}-{place}.json"
    response = HttpResponse(snapshot.dump(), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@signed_in
def compare_two(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what changed from one snapshot of a run to another."""
    found = get_run_to_operate(request, pk)
    rows = [_find(found, request.GET.get(name, "")) for name in ("a", "b")]
    older, newer = sorted(rows, key=lambda row: (row.taken_at, row.pk))
    try:
        changes, is_too_large = compare(older, newer, Redactor()), False
    except TooLargeError:
        changes, is_too_large = [], True
    context = {
        "run": found,
        "older": older,
        "newer": newer,
        "changes": changes,
        "is_too_large": is_too_large,
    }
    return render(request, "review/run_compare.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def resume(request: HttpRequest, pk: UUID, snapshot_pk: UUID) -> HttpResponse:
    """Ask whether, then let the run itself go on where the snapshot was taken."""
    found, row = _get(request, pk, snapshot_pk)
    hindrance = Point.of(found, row).resume_hindrance
    return _go_on(request, found, row, hindrance, is_fork=False)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def fork(request: HttpRequest, pk: UUID, snapshot_pk: UUID) -> HttpResponse:
    """Ask whether, then let another run go on where the snapshot was taken."""
    found, row = _get(request, pk, snapshot_pk)
    hindrance = Point.of(found, row).fork_hindrance
    return _go_on(request, found, row, hindrance, is_fork=True)


def _go_on(
    request: HttpRequest,
    found: Run,
    row: Row,
    hindrance: Hindrance | None,
    *,
    is_fork: bool,
) -> HttpResponse:
    if request.method != "POST" or hindrance:
        return _ask(request, found, row, hindrance, is_fork=is_fork)
    actor = reader(request).get_username()
    try:
        run_id = resuming.resume(taking.read(row), as_new_run=is_fork, actor=actor)
    except EngineError as refusal:
        return _ask(request, found, row, str(refusal), is_fork=is_fork)
    if is_fork:
        messages.success(request, "This is another run; it went on from the snapshot.")
    return SeeOther(reverse("review:run", args=[run_id]))


def _ask(
    request: HttpRequest,
    found: Run,
    row: Row,
    hindrance: Hindrance | str | None,
    *,
    is_fork: bool,
) -> HttpResponse:
    """Say what will run again, and who will be asked, before it is done."""
    context = {
        "run": found,
        "label": "Fork" if is_fork else "Resume",
        "is_danger": True,
        "snapshot": row,
        "hindrance": hindrance,
        "is_fork": is_fork,
        "repetition": find_repetition(row),
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "review/run_go_on.html", context, status=status)


def _get(request: HttpRequest, pk: UUID, snapshot_pk: UUID) -> tuple[Run, Row]:
    found = get_run_to_operate(request, pk)
    return found, _find(found, str(snapshot_pk))


def _find(found: Run, text: str) -> Row:
    """The snapshot of this very run. Raises Http404 for any other."""
    try:
        return found.snapshots.get(pk=UUID(text))
    except (ValueError, Row.DoesNotExist):
        raise Http404("There is no such snapshot for you.") from None
