"""Drafts: an answer that is begun and not sent. They are those of the pages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from review_app import drafts
from review_app.models import Draft
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import not_found
from workflows_app.api.found import get_request
from workflows_app.api.inputs import NOTHING, Given, Nothing, Reason
from workflows_app.api.once import act_once
from workflows_app.api.routes import get, post
from workflows_app.engine.errors import UnknownRequestError
from workflows_app.models import InputRequest, Scope

from .typing_in import check_holds, read, type_in

router = Router(tags=["requests"])


class DraftGiven(Given):
    """What is begun. How to decide is said with the answer, and not before."""

    response: Any = Field(
        default=None, description="May lack something. None: what is proposed."
    )
    reason: Reason = ""


class ObjectionReply(BaseModel):
    """What the page would object to, if the draft were sent now."""

    label: str = Field(description="Of the field, as people see it.")
    message: str


class DraftReply(BaseModel):
    """What somebody has begun, as far as it can be read."""

    response: Any = Field(description="As the form holds it.")
    reason: str
    objections: list[ObjectionReply]
    saved_at: datetime

    @classmethod
    def of(cls, asked: InputRequest, draft: Draft) -> "DraftReply":
        sheet = read(asked, draft)
        return cls(
            response=sheet.form.answer,
            reason=sheet.reason,
            objections=[
                ObjectionReply(label=each.label, message=each.message)
                for each in sheet.form.problems
            ],
            saved_at=draft.saved_at,
        )


class DiscardedReply(BaseModel):
    """Whether there was something to forget."""

    discarded: bool


@get(
    router,
    "/requests/{uuid:pk}/draft",
    Scope.READ,
    Scope.ANSWER,
    returns=DraftReply,
)
def get_draft(request: HttpRequest, pk: UUID) -> DraftReply:
    """What you have begun to answer, here or on a page. `404` when there is nothing."""
    user = user_of(request)
    asked = get_request(user, pk)
    draft = drafts.find(user, asked)
    if draft is None or draft.sent_at is not None:
        raise not_found()
    return DraftReply.of(asked, draft)


@post(
    router,
    "/requests/{uuid:pk}/draft",
    Scope.ANSWER,
    returns=DraftReply,
    errors=(404, 409, 422),
)
def keep_draft(request: HttpRequest, pk: UUID, given: DraftGiven) -> HttpResponse:
    """Keep what you have begun; the page of the request shows it to you in its form.

    What its form has no place for, and what is secret, is `422 not_in_form`.
    """
    user = user_of(request)
    asked = get_request(user, pk)
    return act_once(request, lambda: _keep(user, asked, given))


@post(router, "/requests/{uuid:pk}/draft/discard", Scope.ANSWER, returns=DiscardedReply)
def discard_draft(
    request: HttpRequest, pk: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Forget what you have begun."""
    user = user_of(request)
    asked = get_request(user, pk)
    return act_once(
        request, lambda: DiscardedReply(discarded=drafts.discard(user, asked))
    )


def _keep(user: User, asked: InputRequest, given: DraftGiven) -> DraftReply:
    typed = type_in(asked, given.response, given.reason)
    kept = drafts.save(user, asked, typed)
    if kept is None:
        raise UnknownRequestError("This request takes no draft of yours any more.")
    reply = DraftReply.of(asked, kept)
    check_holds(reply.response, given.response)
    return reply
