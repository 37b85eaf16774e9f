"""The event log as lines: what is appended, and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection

from workflows_app.engine import values
from workflows_app.models import Call, InputRequest, Run, RunEvent

LAST_KINDS = frozenset({"run_completed", "run_failed", "run_aborted", "run_timed_out"})
ANY_SIZE = 2**62
COLUMNS = (
    "number",
    "at",
    "kind",
    "step",
    "call",
    "attempt",
    "actor_kind",
    "actor",
    "door",
    "body",
)
_TABLE = RunEvent._meta.db_table  # noqa: SLF001 - Django's documented place

# Lines above a number until there are so many, or so many bytes of bodies (the line
# that passes the limit is the last one), each with the time of the line before it.
READ = f"""
    SELECT run_id, {", ".join(COLUMNS)}, (
        SELECT at FROM {_TABLE} before
        WHERE before.run_id = line.run_id AND before.number = line.number - 1
    )
    FROM (
        SELECT *, sum(octet_length(body)) OVER (ORDER BY number) AS size
        FROM {_TABLE} WHERE run_id = %s AND number > %s ORDER BY number LIMIT %s
    ) line
    WHERE size - octet_length(body) < %s ORDER BY number
"""  # noqa: S608 - our own names
READ_NEWEST = f"""
    SELECT number, kind FROM {_TABLE} WHERE run_id = %s ORDER BY number DESC LIMIT 1
"""  # noqa: S608 - our own name
_REQUESTS = InputRequest._meta.db_table  # noqa: SLF001 - Django's documented place
# Changes whenever a question is asked or closed; both parts come out of an index.
READ_QUEUE = f"""
    SELECT (SELECT id FROM {_REQUESTS} ORDER BY id DESC LIMIT 1), (
        SELECT closed_at FROM {_REQUESTS} WHERE closed_at IS NOT NULL
        ORDER BY closed_at DESC LIMIT 1
    )
"""  # noqa: S608 - our own name
_RUNS, _CALLS = Run._meta.db_table, Call._meta.db_table  # noqa: SLF001
# Whether nothing runs in a run or in those that work for it, and nothing will begin.
READ_QUIET = f"""
    WITH RECURSIVE tree AS (
        SELECT id, paused, finished_at FROM {_RUNS} WHERE id = %s
        UNION ALL
        SELECT run.id, run.paused, run.finished_at
        FROM {_RUNS} run JOIN tree ON run.parent_id = tree.id
    )
    SELECT coalesce(bool_and(paused OR finished_at IS NOT NULL), true) AND NOT EXISTS (
        SELECT FROM {_CALLS} call JOIN tree ON call.run_id = tree.id
        WHERE call.worker <> ''
    ) FROM tree
"""  # noqa: S608 - our own names


@dataclass(frozen=True)
class Line:
    """A line of a run's log, as readers get it; the template takes it like a row."""

    run_id: UUID
    number: int
    at: datetime
    kind: str
    step: str
    call: int | None
    attempt: int | None
    actor_kind: str
    actor: str
    door: str
    body: str
    before_at: datetime | None = None

    @cached_property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = values.load(self.body)
        return content

    @property
    def since_before(self) -> timedelta:
        """How long nothing had happened when this happened."""
        return self.at - (self.before_at or self.at)

    @property
    def is_last(self) -> bool:
        """Whether the run ended with this line."""
        return self.kind in LAST_KINDS


def read(
    run_id: UUID, *, after: int = 0, most: int = 500, size: int = ANY_SIZE
) -> Sequence[Line]:
    """Lines above a number, oldest first, through Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [run_id, after, most, size])
        return [Line(*row) for row in cursor.fetchall()]


def is_quiet(run_id: UUID) -> bool:
    """Whether nothing runs in this run or below it, and nothing will begin."""
    with connection.cursor() as cursor:
        cursor.execute(READ_QUIET, [run_id])
        return bool(cursor.fetchone()[0])
