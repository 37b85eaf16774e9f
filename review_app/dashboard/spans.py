"""Where the time of a decision goes, from asking to going on."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from workflows_app.models import Claim, InputResponse, RunEvent

LOOKED_AT = 1000
"""The newest decisions of which the spans are told."""

_VOTES, _CLAIMS, _LINES = (
    model._meta.db_table  # noqa: SLF001 - Django's documented place
    for model in (InputResponse, Claim, RunEvent)
)
_PERCENTILES = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY"
# The run goes on with the next step that begins after the decision, or it ends.
_READ = f"""
    WITH decided AS MATERIALIZED (
        SELECT request_id, run_id, asked_at, at, line FROM {_VOTES}
        WHERE decides AND withdrawn_at IS NULL AND line IS NOT NULL
        ORDER BY at DESC, id DESC LIMIT {LOOKED_AT}
    )
    SELECT count(claimed_at), {_PERCENTILES} claimed_at - asked_at),
        count(claimed_at), {_PERCENTILES} decided.at - claimed_at),
        count(*), {_PERCENTILES} decided.at - asked_at),
        count(resumed.at), {_PERCENTILES} resumed.at - decided.at)
    FROM decided
    LEFT JOIN LATERAL (
        SELECT min(claimed_at) AS claimed_at FROM {_CLAIMS}
        WHERE request_id = decided.request_id AND claimed_at <= decided.at
    ) claim ON true
    LEFT JOIN LATERAL (
        SELECT at FROM {_LINES}
        WHERE run_id = decided.run_id AND number > nullif(decided.line, 0)
            AND kind IN ('step_started', 'run_completed', 'run_failed', 'run_timed_out')
        ORDER BY number LIMIT 1
    ) resumed ON true
"""  # noqa: S608 - our own names
NAMES = (
    "Asked until first claimed",
    "First claimed until decided",
    "Asked until decided",
    "Decided until the run went on",
)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the way, and how long it took for half and for nine tenths of them."""

    name: str
    count: int
    median: timedelta | None
    p90: timedelta | None


def read_spans() -> list[Span]:
    """Of the newest decisions, as far as each of them came along that way."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        found = cursor.fetchone()
    pairs = zip(NAMES, found[::2], found[1::2], strict=True)
    return [Span(name, count, *(took or (None, None))) for name, count, took in pairs]
