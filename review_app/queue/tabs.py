"""The tabs of the queue: whose requests each of them shows."""

from typing import TypeAlias

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from review_app.models import Snooze
from workflows_app import access
from workflows_app.models import Claim, InputRequest, InputResponse
from workflows_app.runtime import claims

Requests: TypeAlias = "QuerySet[InputRequest]"

READY, MINE, ALL, SNOOZED, DECIDED = "ready", "mine", "all", "snoozed", "decided"
TABS = {
    READY: "Ready for me",
    MINE: "Mine",
    ALL: "All open",
    SNOOZED: "Snoozed",
    DECIDED: "Decided by me",
}


def requests_of(tab: str, user: User) -> Requests:
    """What a tab shows before any filter, in no order."""
    match tab:
        case "mine":
            return _open(user).filter(Exists(live_claims().filter(owner=user)))
        case "all":
            return _open(user)
        case "snoozed":
            return _open(user).filter(Exists(_snoozes(user)))
        case "decided":
            return _decided(user)
        case _:
            return ready(user)


def ready(user: User) -> Requests:
    """What somebody can take up now: open to him, and to nobody else before him."""
    return access.answerable(user).filter(
        ~Exists(live_claims().exclude(owner=user)),
        ~Exists(_snoozes(user)),
        ~Exists(_votes(user)),
    )


def _decided(user: User) -> Requests:
    """Where a vote of his stands, with its moment. Of one person there is one at most."""
    standing = Q(responses__user=user, responses__withdrawn_at=None)
    seen = access.visible_requests(user).filter(standing)
    return seen.annotate(voted_at=F("responses__at"))


def live_claims() -> "QuerySet[Claim]":
    """The claim of a request that holds at the moment, for use inside of a query."""
    return claims.live().filter(request=OuterRef("pk"))


def _open(user: User) -> Requests:
    return access.visible_requests(user).filter(status=InputRequest.Status.OPEN)


def _snoozes(user: User) -> "QuerySet[Snooze]":
    return Snooze.objects.filter(request=OuterRef("pk"), user=user, until__gt=Now())


def _votes(user: User) -> "QuerySet[InputResponse]":
    return InputResponse.objects.filter(
        request=OuterRef("pk"), user=user, withdrawn_at=None
    )
