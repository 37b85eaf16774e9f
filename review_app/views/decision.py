"""The page of one request: what is asked, and the answer to it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from review_app.addressees import who_may_answer
from review_app.answer_sheet import AnswerSheet
from review_app.fragments import draw_lines
from review_app.given_answer import labelled
from review_app.queue_list import QueueList
from review_app.visible import visible
from workflows_app import access
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    InvalidResponseError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    RunFinishedError,
    SerializationError,
)
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Handler

from .account import signed_in
from .queue import reader

SHOWN_LINES = 5

REFUSALS: Mapping[type[EngineError], tuple[int, str]] = {
    AlreadyAnsweredError: (409, "conflict"),
    RequestChangedError: (409, "changed"),
    RunFinishedError: (409, "withdrawn"),
    RequestExpiredError: (410, "expired"),
    NotAllowedError: (403, "no_right"),
    InvalidResponseError: (422, "decision_panel"),
    SerializationError: (422, "decision_panel"),
}
"""What each refusal of an answer means here: the status, and the panel that tells it."""


class SeeOther(HttpResponseRedirect):
    """After a POST: go and look there."""

    status_code = 303


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def decision(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a request; answer it by POST."""
    asked = _get(request, pk)
    if request.method == "POST":
        return _answer(request, asked)
    return _page(request, asked, AnswerSheet(asked))


@require_safe
@signed_in
def request_news(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Tell a page on which somebody may be typing whether the request still waits."""
    context = {"asked": _get(request, pk), "view": QueueList.read(request.GET)}
    return render(request, "review/_request_news.html", context)


def _get(request: HttpRequest, pk: UUID) -> InputRequest:
    try:
        return access.get_request(request.user, pk)
    except InputRequest.DoesNotExist:
        raise Http404("There is no such request for you.") from None


def _answer(request: HttpRequest, asked: InputRequest) -> HttpResponse:
    sheet = AnswerSheet(asked, request.POST)
    if sheet.problems and asked.is_open and access.may_answer(request.user, asked):
        return _page(request, asked, sheet, status=422)
    try:
        answer = sheet.answer(reader(request))
        Handler(asked.run_id).respond(asked.request_id, answer)
    except tuple(REFUSALS) as refusal:
        return _refuse(request, asked, sheet, refusal)
    messages.success(request, f"Recorded: {visible(sheet.outcome_label)}.")
    query = QueueList.read(request.GET).query
    return SeeOther(f"{reverse('review:decision', args=[asked.pk])}?{query}")


def _refuse(
    request: HttpRequest, asked: InputRequest, sheet: AnswerSheet, error: EngineError
) -> HttpResponse:
    """Say why the answer does not count, and give back what was typed."""
    status, panel = REFUSALS[type(error)]
    if isinstance(error, InvalidResponseError):
        sheet.refuse([message for _, message in error.errors])
    elif isinstance(error, SerializationError):
        sheet.refuse([str(error)])
    now = _get(request, asked.pk)  # it may have been closed a moment ago
    return _page(request, now, sheet, status=status, panel=panel)


def _page(
    request: HttpRequest,
    asked: InputRequest,
    sheet: AnswerSheet,
    *,
    status: int = 200,
    panel: str = "",
) -> HttpResponse:
    user, view = reader(request), QueueList.read(request.GET)
    objection = access.find_objection_to(user, asked)
    starter = asked.run.started_by.get_username() if asked.run.started_by else None
    context = {
        "asked": asked,
        "content": asked.content,
        "run": asked.run,
        "sheet": sheet,
        "panel": f"review/_{panel or _panel(asked, objection)}.html",
        "objection": objection,
        "who": who_may_answer(asked, user.get_username(), starter),
        "view": view,
        "next": view.find_next(user, asked),
        "others": _others_of_run(request, asked),
        "lines": _so_far(asked),
        **_response(asked),
    }
    return render(request, "review/decision.html", context, status=status)


def _panel(asked: InputRequest, objection: str | None) -> str:
    """Which panel tells the state of the request."""
    if asked.status == InputRequest.Status.DECIDED:
        return "answered"
    if not asked.is_open:
        return str(asked.status)
    return "no_right" if objection else "decision_panel"


def _response(asked: InputRequest) -> dict[str, Any]:
    """The answer that counted, if there is one, as fields to be read."""
    votes = asked.responses.filter(decides=True, withdrawn_at=None)
    response = votes.select_related("user").first()
    if response is None:
        return {"response": None}
    outcomes = {each["key"]: each for each in asked.content["outcomes"]}
    chosen = outcomes.get(response.outcome, {"label": response.outcome})
    return {
        "response": response,
        "outcome_label": chosen["label"],
        "given": _as_block(labelled(asked.content["schema"], response.value)),
    }


def _as_block(fields: list[dict[str, Any]]) -> dict[str, Any] | None:
    return {"type": "fields", "value": fields} if fields else None


def _so_far(asked: InputRequest) -> list[str]:
    """The last lines of the run's log, drawn as on the run's own page."""
    after = asked.run.last_number - SHOWN_LINES
    return list(draw_lines(asked.run_id, after=after, most=SHOWN_LINES))


def _others_of_run(request: HttpRequest, asked: InputRequest) -> list[InputRequest]:
    """What else the run asks, as far as this person may see it."""
    seen = access.visible_requests(request.user).exclude(pk=asked.pk)
    others = seen.filter(root_id=asked.root_id, status=InputRequest.Status.OPEN)
    return list(others.defer("shown", "policy")[:10])
