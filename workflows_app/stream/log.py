"""The event log as lines: what is appended, and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from workflows_app.engine import values
from workflows_app.models import RunEvent

LAST_KINDS = frozenset({"run_completed", "run_failed", "run_aborted", "run_timed_out"})
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
READ = (
    f"SELECT run_id, {', '.join(COLUMNS)} FROM {RunEvent._meta.db_table} "  # noqa: S608, SLF001
    "WHERE run_id = %s AND number > %s ORDER BY number LIMIT %s"
)


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

    @cached_property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = values.load(self.body)
        return content

    @property
    def is_last(self) -> bool:
        """Whether the run ended with this line."""
        return self.kind in LAST_KINDS


def read(run_id: UUID, *, after: int = 0, most: int = 500) -> Sequence[Line]:
    """Lines above a number, oldest first, through Django's connection."""
    rows = RunEvent.objects.filter(run_id=run_id, number__gt=after)
    found = rows.order_by("number").values_list("run_id", *COLUMNS)[:most]
    return [Line(*row) for row in found]
