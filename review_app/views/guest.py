"""The page of a guest: one request, answered once, with a link and without an account.

GET and HEAD change nothing, whoever opens the link: mail systems and chats look at
links, too. The address with the token only sets a cookie and leads to one without it.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from review_app.answer_sheet import AnswerSheet
from review_app.misses import Misses
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    InvalidResponseError,
    LinkOverError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    RunFinishedError,
    SerializationError,
    UnknownRequestError,
)
from workflows_app.models import AnswerLink
from workflows_app.runtime import answer_links
from workflows_app.runtime.handler import Handler

from .decision import SeeOther
from .shown import whole_part

COOKIE = "answer-link"
COOKIE_LIFE = timedelta(hours=12)
OVER = (
    AlreadyAnsweredError,
    LinkOverError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    RunFinishedError,
    UnknownRequestError,
)
"""What tells a guest no more than that the link is over."""

_misses = Misses()

View = Callable[..., HttpResponse]


def for_guests(view: View) -> View:
    """Keep the page out of caches and search engines, and its address at home."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _misses.are_too_many(_address_of(request)):
            return HttpResponse("Too many.", status=429, headers={"Retry-After": "60"})
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return never_cache(guarded)


@require_safe
@for_guests
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address."""
    if _find(request, token) is None:
        return _over(request)
    response = SeeOther(reverse("review:guest_page"))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_LIFE,
        path=reverse("review:guest_page"),
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",  # Strict ones are not sent where a mail leads
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@for_guests
def guest(request: HttpRequest) -> HttpResponse:
    """Show the request; answer it by POST.

    The page's address is no secret, so it may refer to itself: without an origin, which
    `no-referrer` takes away, the form would be refused as somebody else's.
    """
    link = _find(request, request.COOKIES.get(COOKIE, ""))
    if link is None:
        return _over(request)
    if not _is_person(request, link):
        return _page(request, "guest_sign_in", link)
    if request.method == "POST":
        return _answer(request, link)
    if not _is_usable(link):
        return _over(request)
    return _page(request, "guest", link, sheet=_sheet(link))


@require_safe
@for_guests
def guest_shown(request: HttpRequest) -> HttpResponse:
    """A part of what is asked, whole."""
    link = _find(request, request.COOKIES.get(COOKIE, ""))
    if link is None or not _is_usable(link) or not _is_person(request, link):
        raise Http404("There is nothing here for you.")
    return whole_part(link.request, request.GET.get("at", ""))


@require_safe
@for_guests
def guest_done(request: HttpRequest) -> HttpResponse:
    """Where a guest comes who has answered; it knows nothing of what."""
    return render(request, "review/guest_done.html")


def _answer(request: HttpRequest, link: AnswerLink) -> HttpResponse:
    """Check the form, and let the run take the answer.

    Who presses twice is answered twice the same, though the link is used by then.
    """
    sheet = _sheet(link, request)
    if request.POST.get("link") != str(link.pk):
        return _over(request, sheet)  # another link was opened in this browser since
    is_usable = _is_usable(link)
    missing = _ask_again(request, link, sheet) if is_usable else None
    if missing is not None:
        return missing
    asked = link.request
    try:
        Handler(asked.run_id).respond(asked.request_id, sheet.answer(link=link))
    except (InvalidResponseError, SerializationError) as refusal:
        if not is_usable:
            return _over(request, sheet)
        sheet.refuse(_messages(refusal))
        return _page(request, "guest", link, 422, sheet=sheet)
    except OVER:
        return _over(request, sheet)
    response = SeeOther(reverse("review:guest_done"))
    response.delete_cookie(COOKIE, path=reverse("review:guest_page"))
    return response


def _ask_again(
    request: HttpRequest, link: AnswerLink, sheet: AnswerSheet
) -> HttpResponse | None:
    """The page again, when something is not right yet or must be confirmed."""
    if sheet.problems:
        return _page(request, "guest", link, 422, sheet=sheet)
    if not sheet.lacks_confirmation:
        return None
    status = 422 if sheet.word_problem else 200
    return _page(request, "guest", link, status, sheet=sheet, confirm=True)


def _messages(refusal: InvalidResponseError | SerializationError) -> list[str]:
    if isinstance(refusal, InvalidResponseError):
        return [message for _, message in refusal.errors]
    return [str(refusal)]


def _sheet(link: AnswerLink, request: HttpRequest | None = None) -> AnswerSheet:
    """What the link's person may choose."""
    sheet = AnswerSheet(link.request, request.POST if request else None)
    if link.outcomes:
        sheet.outcomes = [o for o in sheet.outcomes if o.key in link.outcomes]
    return sheet


def _find(request: HttpRequest, token: str) -> AnswerLink | None:
    """The link of a token; one that never was counts as a try to guess."""
    link = answer_links.find(token) if token else None
    if link is None and token:
        _misses.count(_address_of(request))
    return link


def _is_usable(link: AnswerLink) -> bool:
    return answer_links.usable().filter(pk=link.pk).exists()


def _is_person(request: HttpRequest, link: AnswerLink) -> bool:
    """Whether it is the link's person, as far as that must be known."""
    return not link.needs_sign_in or request.user.get_username() == link.person


def _address_of(request: HttpRequest) -> str:
    """Where a visitor comes from; behind a proxy only that one knows."""
    told = request.headers.get("X-Forwarded-For", "")
    if told and getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        return told.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _over(request: HttpRequest, sheet: AnswerSheet | None = None) -> HttpResponse:
    """The same for all that is no link, or not any more; what was typed is given back."""
    return render(request, "review/guest_over.html", {"sheet": sheet}, status=410)


def _page(
    request: HttpRequest,
    name: str,
    link: AnswerLink,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    asked = link.request
    context = {"link": link, "asked": asked, "content": asked.content, **more}
    return render(request, f"review/{name}.html", context, status=status)
