"""What operators do with a run: a page asks first, a POST does it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from review_app import fragments
from review_app.run.actions import find_retry_hindrance
from review_app.run.points import find_points
from workflows_app.engine.errors import (
    IncompatibleSnapshotError,
    RunFinishedError,
    SerializationError,
    SessionNotEmptyError,
    ValidationError,
)
from workflows_app.runtime.definitions import find_served
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.restarting import restart as restart_run

from .account import signed_in
from .decision import SeeOther
from .queue import reader
from .runs import get_run, get_run_to_operate, show

LONGEST_REASON = 500


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask whether, and why; then start nothing new in the run."""
    if request.method != "POST":
        found = get_run_to_operate(request, pk)
        context = {"run": found, "label": "Pause", "asks_reason": True}
        return render(request, "review/run_pause.html", context)
    reason = _reason(request)
    return _act(request, pk, lambda run, actor: run.hold(actor=actor, reason=reason))


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
        found = get_run_to_operate(request, pk)
        context = {
            "run": found,
            "label": "Abort",
            "asks_reason": True,
            "is_danger": True,
            "open_requests": fragments.count_open(found),
        }
        return render(request, "review/run_abort.html", context)
    reason = _reason(request)
    return _act(request, pk, lambda run, actor: run.abort(actor=actor, reason=reason))


@require_safe
@signed_in
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask where a run that is over shall go on from."""
    found = get_run_to_operate(request, pk)
    context = {
        "run": found,
        "points": find_points(found),
        "hindrance": find_retry_hindrance(reader(request), found),
    }
    return render(request, "review/run_retry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def restart(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask whether, then start another run with the same input."""
    found = get_run_to_operate(request, pk)
    hindrance = find_retry_hindrance(reader(request), found)
    if request.method != "POST" or hindrance:
        context = {
            "run": found,
            "label": "Begin again",
            "is_danger": True,
            "hindrance": hindrance,
            "definition": find_served(found.workflow),
        }
        status = 409 if request.method == "POST" else 200
        return render(request, "review/run_restart.html", context, status=status)
    try:
        again = restart_run(found, reader(request))
    except (IncompatibleSnapshotError, ValidationError, SerializationError) as refusal:
        return show(request, found, refusal=str(refusal))
    messages.success(request, "This run begins again from the start, with that input.")
    return SeeOther(reverse("review:run", args=[again]))


def _act(
    request: HttpRequest, pk: UUID, verb: Callable[[Handler, str], Any]
) -> HttpResponse:
    get_run_to_operate(request, pk)
    try:
        verb(Handler(pk), reader(request).get_username())
    except (RunFinishedError, SessionNotEmptyError) as refusal:
        return show(request, get_run(request, pk), refusal=str(refusal))
    return SeeOther(reverse("review:run", args=[pk]))


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
