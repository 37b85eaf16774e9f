"""The page of one request: what is asked, and the answer to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from review_app import drafts
from review_app.answer_sheet import AnswerSheet
from review_app.decision_page import beside, describe, is_by_deadline, votes_on
from review_app.preferences import preferences_of
from review_app.queue.walk import Few, Walk
from review_app.queue_list import QueueList
from review_app.undo import undoable
from workflows_app import access
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    ClaimedError,
    EngineError,
    InvalidResponseError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    RunFinishedError,
    SerializationError,
    UnknownRequestError,
)
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Handler
from workflows_app.shown.visible import visible

from .account import signed_in
from .queue import reader

REFUSALS: Mapping[type[EngineError], tuple[int, str]] = {
    AlreadyAnsweredError: (409, "conflict"),
    ClaimedError: (409, "claimed"),
    RequestChangedError: (409, "changed"),
    RunFinishedError: (409, "withdrawn"),
    UnknownRequestError: (409, "withdrawn"),
    RequestExpiredError: (410, "expired"),
    NotAllowedError: (403, "no_right"),
    InvalidResponseError: (422, "open"),
    SerializationError: (422, "open"),
}
"""What each refusal of an answer means here: the status, and the panel that tells it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What somebody has just done who comes to a request, and the list he goes along."""

    said: str = ""
    walk: Few | Walk | None = None


class SeeOther(HttpResponseRedirect):
    """After a POST: go and look there."""

    status_code = 303


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def decision(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a request; answer it by POST."""
    asked = get_asked(request, pk)
    if request.method == "POST":
        return _answer(request, asked)
    return show(request, asked)


@require_safe
@signed_in
def request_news(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Tell a page on which somebody may be typing whether the request still waits."""
    asked = get_asked(request, pk)
    response = next((vote for vote in votes_on(asked) if vote.decides), None)
    view = QueueList.read(request.GET)
    context = {"asked": asked, "run": asked.run, "response": response, "view": view}
    return render(request, "review/_request_news.html", context)


def get_asked(request: HttpRequest, pk: UUID) -> InputRequest:
    """The request, if there is one for this reader."""
    try:
        return access.get_request(request.user, pk)
    except InputRequest.DoesNotExist:
        raise Http404("There is no such request for you.") from None


def address_of(request: HttpRequest, asked: InputRequest) -> str:
    """Where a request is shown, as one of the list that its reader goes through."""
    page = reverse("review:decision", args=[asked.pk])
    return f"{page}?{QueueList.read(request.GET).query}"


def show(
    request: HttpRequest, asked: InputRequest, arrival: Arrival | None = None
) -> HttpResponse:
    """Show a request, with the draft that its reader has."""
    sheet = AnswerSheet(asked, draft=drafts.find(reader(request), asked))
    return _page(request, sheet, arrival=arrival)


def move_to(
    request: HttpRequest, asked: InputRequest, arrival: Arrival
) -> HttpResponse:
    """After a deed: show a request, without a second way to the server where that can be.

    A script takes the page at once, and the address with it; a browser alone is sent there.
    """
    address = address_of(request, asked)
    if not request.headers.get("HX-Request"):
        messages.success(request, arrival.said)
        return SeeOther(address)
    response = show(request, asked, arrival)
    response["HX-Push-Url"] = address
    response["HX-Reswap"] = "outerHTML show:window:top"
    return response


def _answer(request: HttpRequest, asked: InputRequest) -> HttpResponse:
    """Check the form, let the run take the answer, and go on to what is next."""
    sheet = AnswerSheet(asked, request.POST)
    if asked.is_open and access.may_answer(request.user, asked):
        if sheet.problems:
            return _ask_again(request, sheet, "open", status=422)
        if sheet.lacks_confirmation:
            status = 422 if sheet.word_problem else 200
            return _ask_again(request, sheet, "confirm", status=status)
    user = reader(request)
    answer = sheet.answer(user, undo=preferences_of(user).undo_seconds)
    try:
        Handler(asked.run_id).respond(asked.request_id, answer)
    except tuple(REFUSALS) as refusal:
        return _refuse(request, sheet, refusal)
    asked.refresh_from_db(fields=["status", "effective_at", "closed_at"])
    return _go_on(request, sheet)


def _ask_again(
    request: HttpRequest, sheet: AnswerSheet, panel: str, *, status: int
) -> HttpResponse:
    """Something is missing: show it beside all that was typed, which is kept."""
    drafts.save(reader(request), sheet.asked, request.POST)
    return _page(request, sheet, panel, status=status)


def _refuse(
    request: HttpRequest, sheet: AnswerSheet, error: EngineError
) -> HttpResponse:
    """Say why the answer does not count, and give back what was typed."""
    if isinstance(error, InvalidResponseError):
        sheet.refuse([message for _, message in error.errors])
    elif isinstance(error, SerializationError):
        sheet.refuse([str(error)])
    drafts.keep(reader(request), sheet.asked, request.POST)
    sheet.asked = get_asked(request, sheet.asked.pk)  # it may have been closed just now
    status, panel = REFUSALS[type(error)]
    if panel == "conflict" and is_by_deadline(sheet.asked.decision):
        status, panel = REFUSALS[RequestExpiredError]
    return _page(request, sheet, panel, status=status)


def _go_on(request: HttpRequest, sheet: AnswerSheet) -> HttpResponse:
    """To the next request of the same list, if this person likes it so."""
    user, asked = reader(request), sheet.asked
    drafts.put_away(user, asked, request.POST)
    if not preferences_of(user).auto_advance:
        return move_to(request, asked, Arrival(f"{sheet.done}."))
    walk = QueueList.read(request.GET).walk(user)
    following = walk.find_next(asked)
    if following is None:
        said = f"{sheet.done}. That was the last one here."
        return move_to(request, asked, Arrival(said))
    said = f"{sheet.done}. Next: {visible(following.subject)}"
    return move_to(request, get_asked(request, following.pk), Arrival(said, walk))


def _page(
    request: HttpRequest,
    sheet: AnswerSheet,
    panel: str = "",
    *,
    status: int = 200,
    arrival: Arrival | None = None,
) -> HttpResponse:
    user, asked, view = reader(request), sheet.asked, QueueList.read(request.GET)
    arrival = arrival or Arrival()
    walk = arrival.walk or view.walk(user)
    context = describe(sheet, user, panel)
    context |= beside(view, walk.around(asked))
    is_swapped_in = bool(request.headers.get("HX-Request")) and not panel
    context |= {
        "said": arrival.said,
        "is_arrival": is_swapped_in and not context["mine"],
    }
    context["undoable"] = [each for each in undoable(user) if not each.is_of(asked)]
    return render(request, "review/decision.html", context, status=status)
