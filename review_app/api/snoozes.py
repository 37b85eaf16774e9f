"""Putting a request off: it comes back later, for this person and for nobody else."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel

from review_app.queue_page import snoozing
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import ApiError
from workflows_app.api.found import get_request
from workflows_app.api.inputs import NOTHING, Given, Moment, Nothing
from workflows_app.api.once import act_once
from workflows_app.api.routes import post
from workflows_app.engine.errors import UnknownRequestError
from workflows_app.models import Scope

router = Router(tags=["queue"])
LONGEST = timedelta(days=366)


class SnoozeGiven(Given):
    """When it comes back: in the future, and within a year."""

    until: Moment


class SnoozeReply(BaseModel):
    """It comes back then."""

    id: UUID
    until: datetime


class WokenReply(BaseModel):
    """Whether it had been put off."""

    woken: bool


@post(router, "/requests/{uuid:pk}/snooze", Scope.ANSWER, returns=SnoozeReply)
def snooze_request(request: HttpRequest, pk: UUID, given: SnoozeGiven) -> HttpResponse:
    """Put an open request off until a moment, and let others have it; again, until another."""
    user = user_of(request)
    get_request(user, pk)
    return act_once(request, lambda: _snooze(user, pk, given.until))


@post(router, "/requests/{uuid:pk}/wake", Scope.ANSWER, returns=WokenReply)
def wake_request(
    request: HttpRequest, pk: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Take a request back that was put off."""
    user = user_of(request)
    get_request(user, pk)
    return act_once(request, lambda: WokenReply(woken=bool(snoozing.wake(user, [pk]))))


def _snooze(user: User, pk: UUID, until: datetime) -> SnoozeReply:
    """Checked only when it is done: what is told again may be over by then."""
    now = timezone.now()
    if not now < until <= now + LONGEST:
        message = "until: must be in the future, and within a year"
        raise ApiError(400, "invalid_input", message, path=["until"])
    if not snoozing.snooze(user, [pk], until):
        raise UnknownRequestError("This request is not open any more.")
    return SnoozeReply(id=pk, until=until)
