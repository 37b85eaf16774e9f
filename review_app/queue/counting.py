"""Counts of several lists in one query, each up to one more than is ever shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import Now

from workflows_app.access import MOST_COUNTED

from .due import SOON
from .tabs import Requests, ready


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many questions wait, and how many of them are late or will be before long."""

    count: int
    urgent: int


def count_each(lists: Sequence[Requests]) -> list[int]:
    """How many requests each list has: pages show many counts, and ask once."""
    texts: list[str] = []
    parameters: list[Any] = []
    for found in lists:
        text, given = _count(found)
        texts.append(text)
        parameters += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(texts)}", parameters)
        return list(cursor.fetchone())


def count_ready(user: User) -> Waiting:
    """What the frame of every page tells its reader, read once for each user object."""
    known: Waiting | None = getattr(user, "_holdpoint_waiting", None)
    if known is None:
        known = _count_ready(user)
        user._holdpoint_waiting = known  # type: ignore[attr-defined]  # noqa: SLF001
    return known


def _count_ready(user: User) -> Waiting:
    is_urgent = Q(expires_at__lt=Now() + SOON)
    counted = ready(user).order_by()[: MOST_COUNTED + 1]
    found = counted.aggregate(count=Count("pk"), urgent=Count("pk", filter=is_urgent))
    return Waiting(found["count"], found["urgent"])


def _count(found: Requests) -> tuple[str, tuple[Any, ...]]:
    bounded = found.order_by().values("pk")[: MOST_COUNTED + 1]
    try:
        text, parameters = bounded.query.sql_with_params()
    except EmptyResultSet:
        return "0", ()
    # The text is Django's own, with a place for each parameter.
    return f"(SELECT count(*) FROM ({text}) counted)", parameters  # noqa: S608
