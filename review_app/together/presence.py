"""Presence: what a person's page says of him while he has a request before him."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias, get_args
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject, Now

from review_app.models import Presence
from workflows_app.runtime.claims import LEASE
from workflows_app.stream.wakeup import notifier, request_topic

from .names import name_of

Sign: TypeAlias = Literal["viewing", "idle", "typing", "hidden"]
SIGNS: tuple[str, ...] = get_args(Sign)

FRESH = timedelta(minutes=2)
"""For so long a page that says nothing more still counts as being looked at."""

SWEPT = 50
"""Old rows that a writer takes away with his own, so that nobody has to look for them."""

THERE = f"""state <> 'hidden' AND seen_at > statement_timestamp() - interval '1 s' * CASE state
    WHEN 'typing' THEN {LEASE.total_seconds():g} ELSE {FRESH.total_seconds():g} END"""
"""Whose row counts, in SQL. Unsaved text does for as long as a claim would, whether its
page is seen or not."""


_TABLE = Presence._meta.db_table  # noqa: SLF001 - Django's documented place

_WRITE = f"""
    INSERT INTO {_TABLE} AS known (user_id, request_id, state, page, number, seen_at)
    VALUES (%(user)s, %(request)s, %(state)s, %(page)s, %(number)s, statement_timestamp())
    ON CONFLICT (user_id, request_id) DO UPDATE
    SET state = excluded.state, page = excluded.page, number = excluded.number,
        seen_at = excluded.seen_at
    WHERE (excluded.state <> 'hidden' OR known.state <> 'typing')
        AND (excluded.page <> known.page OR excluded.number >= known.number)
"""  # noqa: S608 - the name of a table
"""A sign that another one of its page has overtaken changes nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sign stands among those of its page, which may come in another order."""

    page: str = ""
    number: int = 0


def presences_of(reader: User) -> QuerySet[Presence, Any]:
    """Who else has a request before him, for use inside of a query about requests."""
    kept = Q(seen_at__gt=Now() - FRESH)
    kept |= Q(state=Presence.State.TYPING, seen_at__gt=Now() - LEASE)
    there = Presence.objects.filter(kept, request=OuterRef("pk")).exclude(user=reader)
    there = there.exclude(state=Presence.State.HIDDEN)
    row = JSONObject(user="user__username", name=name_of("user"), state="state")
    return there.order_by("user__username").values(row=row)


def note(user: User, pk: UUID, sign: str, place: Place = Place()) -> None:
    """Remember what a page says; others look again when it is something new.

    A page that is hidden shows nobody any more, but for unsaved text: that stays for as
    long as a claim would.
    """
    with transaction.atomic():
        fresh = Presence.objects.filter(
            user=user, request=pk, seen_at__gt=Now() - FRESH
        )
        known = fresh.values_list("state", flat=True).first()
        _write(user, pk, sign, place)
        _sweep()
        if sign != (known or "hidden"):
            transaction.on_commit(lambda: notifier.send([request_topic(pk)]))


def _write(user: User, pk: UUID, sign: str, place: Place) -> None:
    said: dict[str, Any] = {
        "user": user.pk,
        "request": pk,
        "state": sign,
        "page": place.page,
        "number": place.number,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, said)


def _sweep() -> None:
    over = Presence.objects.filter(seen_at__lt=Now() - LEASE).order_by("seen_at")
    locked = over.select_for_update(skip_locked=True).values("pk")[:SWEPT]
    Presence.objects.filter(pk__in=locked).delete()
