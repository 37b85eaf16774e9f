"""What people do about a request beside answering: hold it, talk of it, let others in."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router

from workflows_app.engine.errors import NotAllowedError
from workflows_app.models import AnswerLink, Scope
from workflows_app.runtime import answer_links, claims, comments
from workflows_app.runtime.answer_links import Guest

from .bearer import user_of
from .found import get_request
from .inputs import NOTHING, CommentGiven, Limit, LinkGiven, Nothing, TakeOverGiven
from .keyset import Keyset, read_number
from .once import act_once
from .request_shapes import (
    ClaimReply,
    CommentReply,
    LinkPage,
    LinkReply,
    LinkSummary,
    ReleasedReply,
    RevokedReply,
)
from .routes import get, post

router = Router(tags=["requests"])
LINKS: Keyset[AnswerLink] = Keyset("issued_at", read_number)


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


@get(
    router,
    "/requests/{uuid:pk}/links",
    Scope.READ,
    Scope.ANSWER,
    returns=LinkPage,
)
def list_links(
    request: HttpRequest, pk: UUID, cursor: str = "", limit: Limit = 50
) -> LinkPage:
    """The links that were made for a request; for who could make one now."""
    made = _links(user_of(request), pk).select_related("issued_by")
    found, after = LINKS.page(made, cursor, limit)
    return LinkPage(items=list(map(LinkSummary.of, found)), next=after)


@post(
    router,
    "/requests/{uuid:pk}/links/{int:link_id}/revoke",
    Scope.ANSWER,
    returns=RevokedReply,
)
def revoke_link(
    request: HttpRequest, pk: UUID, link_id: int, given: Nothing = NOTHING
) -> HttpResponse:
    """Let nobody answer with a link any more."""
    link = _links(user_of(request), pk).get(pk=link_id)
    return act_once(request, lambda: RevokedReply(revoked=answer_links.revoke(link)))


def _links(user: User, pk: UUID) -> "QuerySet[AnswerLink]":
    """Whoever may not give links out does not learn of them either."""
    asked = get_request(user, pk)
    objection = answer_links.find_objection_to_issue(user, asked)
    if objection is not None:
        raise NotAllowedError(objection)
    return AnswerLink.objects.filter(request=asked)
