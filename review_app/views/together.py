"""What several reviewers do with one request: claim it, talk, hand it on, be seen.

Each deed is a POST. A browser alone is sent back to the page of the request; a page with
scripts gets the parts that have changed.
"""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from review_app.decision_page import so_far
from review_app.queue_list import QueueList
from review_app.together import presence as signs
from review_app.together import together
from workflows_app import access
from workflows_app.engine.errors import (
    EngineError,
    InvalidResponseError,
    RequestExpiredError,
)
from workflows_app.models import InputRequest
from workflows_app.runtime import claims, comments
from workflows_app.runtime.handler import Handler
from workflows_app.shown.visible import visible

from .account import signed_in
from .decision import SeeOther, address_of, get_asked
from .queue import reader

OK, INVALID = 200, 422
PLACE = re.compile("([0-9a-z]{0,32}):([0-9]{1,9})")


@require_safe
@signed_in
def news(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What goes on around the request, for a page that shows it already."""
    return draw(request, get_asked(request, pk), "claim")


@require_safe
@signed_in
def about(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a page that was swapped in leaves out until its reader unfolds it."""
    asked = get_asked(request, pk)
    context = {
        "asked": asked,
        "view": QueueList.read(request.GET),
        "lines": so_far(asked),
        "together": together(reader(request), asked),
    }
    return render(request, "review/_together_tabs.html", context)


@require_POST
@signed_in
def presence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Note that a page shows the request; while it does, one's own claim holds."""
    sign, place = request.POST.get("sign", ""), _place(request)
    if sign not in signs.SIGNS or place is None:
        return HttpResponseBadRequest("No such sign.")
    asked, user = get_asked(request, pk), reader(request)
    signs.note(user, asked.pk, sign, place)
    if sign != "hidden":
        claims.renew(user, asked.pk)
    return HttpResponse(status=204)


def _place(request: HttpRequest) -> signs.Place | None:
    """Which sign of which page this is; None when that makes no sense."""
    given = PLACE.fullmatch(request.POST.get("place", ":0"))
    return given and signs.Place(given[1], int(given[2]))


@require_POST
@signed_in
def claim(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep the request for oneself; what is claimed by typing must not move the focus."""
    asked, user = get_asked(request, pk), reader(request)
    problem, status = attempt(lambda: claims.claim(user, asked.pk))
    is_typing = "typing" in request.POST
    return _answer(
        request, asked, "claim", status, problem=problem, acted=not is_typing
    )


@require_POST
@signed_in
def release(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let others have it."""
    asked = get_asked(request, pk)
    claims.release(reader(request), asked.pk)
    return _answer(request, asked, "claim", acted=True)


@require_POST
@signed_in
def take_over(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the request from whoever holds it, and tell him why."""
    asked, user = get_asked(request, pk), reader(request)
    reason = request.POST.get("reason", "")
    problem, status = attempt(lambda: claims.take_over(user, asked.pk, reason))
    about = {"take_over_problem" if status == INVALID else "problem": problem}
    return _answer(request, asked, "take_over", status, acted=True, **about)


@require_POST
@signed_in
def comment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say something to all who see the request; also to those who may not decide."""
    asked, user, text = (
        get_asked(request, pk),
        reader(request),
        request.POST.get("text", ""),
    )
    problem, status = attempt(lambda: comments.say(user, asked.pk, text))
    kept = {"comment_problem": problem, "comment_text": text} if problem else {}
    return _answer(request, asked, "comment_form", status, acted=True, **kept)


@require_POST
@signed_in
def delegate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let somebody else answer; whoever may not see the request then goes to his queue."""
    asked, user = get_asked(request, pk), reader(request)
    to, reason = (request.POST.get(name, "").strip() for name in ("to", "reason"))
    handler = Handler(asked.run_id)
    problem, _ = attempt(
        lambda: handler.delegate(asked.request_id, user, to=to, reason=reason)
    )
    if problem:
        messages.error(request, visible(problem))
    else:
        messages.success(request, f"Handed on to {visible(to)}.")
    if access.visible_requests(user).filter(pk=asked.pk).exists():
        return SeeOther(address_of(request, asked))
    query = QueueList.read(request.GET).query
    return SeeOther(f"{reverse('review:queue')}?{query}")


def attempt(act: Callable[[], object]) -> tuple[str, int]:
    """Do it; what was objected to, if anything, and the status that says so."""
    try:
        act()
    except InvalidResponseError as refusal:
        return str(refusal), INVALID
    except RequestExpiredError as refusal:
        return str(refusal), 410
    except EngineError as refusal:
        return str(refusal), 409
    return "", OK


def draw(
    request: HttpRequest,
    asked: InputRequest,
    part: str,
    status: int = OK,
    **more: Any,
) -> HttpResponse:
    """A part of the page as it is now, with all that is fetched when something goes on."""
    context = {
        "asked": asked,
        "view": QueueList.read(request.GET),
        "part": f"review/_together_{part}.html",
        "together": together(reader(request), asked),
        **more,
    }
    response = render(request, "review/_together_part.html", context, status=status)
    if not asked.is_open:
        response["HX-Trigger"] = "holdpoint:over"  # the page asks what has happened
    return response


def _answer(
    request: HttpRequest,
    asked: InputRequest,
    part: str,
    status: int = OK,
    **more: Any,
) -> HttpResponse:
    """The part for a page with scripts; for others the way back, and what was wrong."""
    if request.headers.get("HX-Request"):
        return draw(request, asked, part, status, **more)
    for name, text in more.items():
        if name.endswith("problem") and text:
            messages.error(request, visible(text))
    return SeeOther(address_of(request, asked))
