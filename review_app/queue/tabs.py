"""The tabs of the queue: whose requests each of them shows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.functions import Coalesce, Now

from review_app.models import Snooze
from workflows_app import access
from workflows_app.access import MOST_COUNTED
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
LONG_AGO = datetime.fromtimestamp(0, UTC)


class _IsAnyOf(Func):
    """Whether something is an element of an array."""

    arity = 2
    arg_joiner = " = ANY("
    template = "%(expressions)s)"
    output_field = BooleanField()


def requests_of(tab: str, user: User) -> Requests:
    """What a tab shows before any filter, in no order."""
    if tab == READY:
        return ready(user)
    if tab == DECIDED:
        return _decided(user)
    seen = access.visible_requests(user)
    return _kept(tab, user, seen.filter(status=InputRequest.Status.OPEN))


def known_of(tab: str, user: User, ids: Sequence[UUID]) -> Requests:
    """What a tab of open requests shows of those that are known by their ids.

    That they are open and seen is not asked again: then PostgreSQL finds them by their
    ids alone.
    """
    known = named(ids)
    if tab == READY:
        return _free(user, access.answerable_among(user, known))
    return _kept(tab, user, known)


def named(ids: Sequence[UUID]) -> Requests:
    """These requests, named in one array: a parameter for each takes longer to send."""
    array = Value(list(ids), output_field=ArrayField(UUIDField()))
    return InputRequest.objects.filter(_IsAnyOf(F("pk"), array))


def ready(user: User) -> Requests:
    """What somebody can take up now: open to him, and to nobody else before him."""
    return _free(user, access.answerable(user))


def _free(user: User, answerable: Requests) -> Requests:
    return answerable.filter(
        ~Exists(live_claims().exclude(owner=user)),
        ~Exists(_snoozes(user)),
        ~Exists(_votes_of(user).filter(request=OuterRef("pk"))),
    )


def _kept(tab: str, user: User, opened: Requests) -> Requests:
    match tab:
        case "mine":
            return opened.filter(Exists(live_claims().filter(owner=user)))
        case "snoozed":
            return opened.filter(Exists(_snoozes(user)))
        case _:
            return opened


def _decided(user: User) -> Requests:
    """Where one of his last votes stands, with its moment; nobody has two on a request.

    As many as are counted: to look through all that somebody ever decided takes too long.
    """
    at = _votes_of(user).order_by("-at").values("at")[MOST_COUNTED : MOST_COUNTED + 1]
    since = Coalesce(Subquery(at), Value(LONG_AGO))
    last = Q(responses__user=user, responses__withdrawn_at=None)
    last &= Q(responses__at__gte=since)
    seen = access.visible_requests(user).filter(last)
    return seen.annotate(voted_at=F("responses__at"))


def live_claims() -> "QuerySet[Claim]":
    """The claim of a request that holds at the moment, for use inside of a query."""
    return claims.live().filter(request=OuterRef("pk"))


def _snoozes(user: User) -> "QuerySet[Snooze]":
    return Snooze.objects.filter(request=OuterRef("pk"), user=user, until__gt=Now())


def _votes_of(user: User) -> "QuerySet[InputResponse]":
    return InputResponse.objects.filter(user=user, withdrawn_at=None)
