"""How many requests waited, at moments of the last days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.db import connection

from workflows_app.models import InputRequest

STEP = timedelta(hours=6)
MOST_LOOKED_AT = 100_000
"""Requests that are open, and as many closed ones, are looked at: the newest."""

_TABLE = InputRequest._meta.db_table  # noqa: SLF001 - Django's documented place
# `begun`: at how many of the moments it had not been asked yet; `ended`: until which it
# waited. Both come out of an index alone.
_READ = f"""
    WITH moments AS MATERIALIZED (SELECT %(moments)s::timestamptz[] AS at), closed AS (
        SELECT opened_at, closed_at FROM {_TABLE}
        WHERE closed_at >= %(since)s ORDER BY closed_at DESC LIMIT %(most)s
    ), open AS (
        SELECT opened_at FROM {_TABLE} WHERE status = 'open'
        ORDER BY opened_at DESC LIMIT %(most)s
    )
    SELECT width_bucket(opened_at, at), width_bucket(closed_at, at), count(*),
        min(closed_at)
    FROM closed, moments GROUP BY 1, 2
    UNION ALL
    SELECT width_bucket(opened_at, at), %(count)s, count(*), NULL
    FROM open, moments GROUP BY 1
"""  # noqa: S608 - our own name


@dataclass(frozen=True, slots=True)
class Point:
    """How many waited at a moment."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The line, oldest first; `is_cut` when it would go further back with more rows."""

    points: list[Point]
    is_cut: bool = False


def waiting_over_time(since: datetime, now: datetime) -> Waiting:
    """At each step from a moment on, and now."""
    moments = _moments(since, now)
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {
                "moments": moments,
                "since": since,
                "most": MOST_LOOKED_AT,
                "count": len(moments),
            },
        )
        rows = cursor.fetchall()
    points = [
        Point(*each) for each in zip(moments, _counts(rows, len(moments)), strict=True)
    ]
    closed = [row for row in rows if row[3] is not None]
    if sum(row[2] for row in closed) < MOST_LOOKED_AT:
        return Waiting(points)
    known_from = min(row[3] for row in closed)
    return Waiting([p for p in points if p.at >= known_from], is_cut=True)


def _moments(since: datetime, now: datetime) -> list[datetime]:
    steps = int((now - since) / STEP)
    return [*(since + i * STEP for i in range(steps + 1)), now]


def _counts(rows: list[tuple[Any, ...]], count: int) -> list[int]:
    """Each request waits from the first moment after it was asked to its end."""
    change = [0] * (count + 1)
    for begun, ended, number, _ in rows:
        change[begun] += number
        change[max(begun, ended)] -= number
    return list(accumulate(change[:-1]))
