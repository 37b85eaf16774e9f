"""What people do about a request beside answering: hold it, talk of it, let others in."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from workflows_app.models import Scope
from workflows_app.runtime import answer_links, claims, comments
from workflows_app.runtime.answer_links import Guest

from .bearer import user_of
from .found import get_request
from .inputs import NOTHING, CommentGiven, LinkGiven, Nothing, TakeOverGiven
from .once import act_once
from .request_shapes import (
    ClaimReply,
    CommentReply,
    LinkReply,
    ReleasedReply,
)
from .routes import post

router = Router(tags=["requests"])


@post(router, "/requests/{uuid:pk}/claim", Scope.ANSWER, returns=ClaimReply)
def claim(request: HttpRequest, pk: UUID, given: Nothing = NOTHING) -> HttpResponse:
    """Keep an open request for yourself, for 15 minutes; again, for 15 more."""
    user = user_of(request)
    get_request(user, pk)
    return act_once(request, lambda: ClaimReply.of(claims.claim(user, pk)))


@post(router, "/requests/{uuid:pk}/release", Scope.ANSWER, returns=ReleasedReply)
def release(request: HttpRequest, pk: UUID, given: Nothing = NOTHING) -> HttpResponse:
    """Let others have it."""
    user = user_of(request)
    get_request(user, pk)
    return act_once(request, lambda: ReleasedReply(released=claims.release(user, pk)))


@post(
    router,
    "/requests/{uuid:pk}/take-over",
    Scope.ANSWER,
    returns=ClaimReply,
    errors=(404, 409, 422),
)
def take_over(request: HttpRequest, pk: UUID, given: TakeOverGiven) -> HttpResponse:
    """Take a request from whoever holds it, and say why."""
    user = user_of(request)
    get_request(user, pk)
    return act_once(
        request, lambda: ClaimReply.of(claims.take_over(user, pk, given.reason))
    )


@post(
    router,
    "/requests/{uuid:pk}/comments",
    Scope.ANSWER,
    returns=CommentReply,
    status=201,
    errors=(404, 409, 422),
)
def comment(request: HttpRequest, pk: UUID, given: CommentGiven) -> HttpResponse:
    """Say something about a request, to all who see it."""
    user = user_of(request)
    return act_once(
        request, lambda: CommentReply.of(comments.say(user, pk, given.text)), status=201
    )


@post(
    router,
    "/requests/{uuid:pk}/links",
    Scope.ANSWER,
    returns=LinkReply,
    status=201,
    errors=(404, 409, 422),
)
def issue_link(request: HttpRequest, pk: UUID, given: LinkGiven) -> HttpResponse:
    """Make a link with which somebody without an account answers once.

    Its address is told once: sent again with the same key, the reply has none.
    """
    user = user_of(request)
    get_request(user, pk)
    guest = Guest(
        person=given.person,
        outcomes=tuple(given.outcomes),
        needs_sign_in=given.needs_sign_in,
        lasts=timedelta(seconds=given.lasts),
    )
    return act_once(
        request,
        lambda: LinkReply.of(answer_links.issue(pk, guest, by=user)),
        status=201,
    )
