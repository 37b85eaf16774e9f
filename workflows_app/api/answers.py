"""Answers to input requests, as the person for whom the token acts."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router

from workflows_app.models import InputRequest, InputResponse, Scope
from workflows_app.runtime.handler import Answer, Handler

from .bearer import user_of
from .found import HEAVY_REQUEST, get_request
from .inputs import NOTHING, DelegateGiven, Nothing, ResponseGiven
from .once import DOOR, apply_once, lasting_key
from .request_shapes import ReceiptReply, RequestReply, RequestSummary
from .routes import post

router = Router(tags=["requests"])


@post(
    router,
    "/requests/{uuid:pk}/response",
    Scope.ANSWER,
    returns=ReceiptReply,
    errors=(404, 409, 410, 422),
)
def respond(request: HttpRequest, pk: UUID, given: ResponseGiven) -> HttpResponse:
    """Answer, as the person for whom the token acts. It counts at once.

    The same answer again is told as a duplicate. Without an outcome it is the primary
    one; of a request with `choices` alone either gives the other.
    """
    user = user_of(request)
    asked = get_request(user, pk)
    answer = Answer(
        value=given.response,
        outcome=given.outcome,
        reason=given.reason,
        user=user,
        door=DOOR,
        digest=given.digest,
        idempotency_key=lasting_key(request),
    )
    return apply_once(
        request,
        lambda: Handler(asked.run_id).respond(asked.request_id, answer),
        lambda: _receipt(pk, user),
        tell_again=lambda: _receipt(pk, user, duplicate=True),
    )


def _receipt(pk: UUID, user: User, *, duplicate: bool = False) -> ReceiptReply:
    asked = InputRequest.objects.defer(*HEAVY_REQUEST).get(pk=pk)
    vote = _votes_of(asked, user.get_username()).latest("at")
    return ReceiptReply(
        id=pk,
        request_id=asked.request_id,
        outcome=vote.outcome,
        responder=vote.responder,
        at=vote.at,
        duplicate=duplicate,
        status=asked.status,
    )


def _votes_of(asked: InputRequest, name: str) -> "QuerySet[InputResponse]":
    return asked.responses.filter(
        responder_kind="person", responder=name, withdrawn_at=None
    )


@post(
    router,
    "/requests/{uuid:pk}/withdraw",
    Scope.ANSWER,
    returns=RequestReply,
    errors=(404, 409, 410),
)
def withdraw_vote(
    request: HttpRequest, pk: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Take your vote back, or the decision that it made, while there is time."""
    user = user_of(request)
    asked = get_request(user, pk)
    return apply_once(
        request,
        lambda: Handler(asked.run_id).withdraw_vote(asked.request_id, user),
        lambda: RequestReply.seen_by(user, get_request(user, pk)),
    )


@post(
    router,
    "/requests/{uuid:pk}/delegate",
    Scope.ANSWER,
    returns=RequestSummary,
    errors=(404, 409, 410),
)
def delegate(request: HttpRequest, pk: UUID, given: DelegateGiven) -> HttpResponse:
    """Hand the request to another person."""
    user = user_of(request)
    asked = get_request(user, pk)
    verb = Handler(asked.run_id).delegate
    return apply_once(
        request,
        lambda: verb(asked.request_id, user, to=given.to, reason=given.reason),
        lambda: RequestSummary.of(InputRequest.objects.get(pk=pk)),
    )
