"""The rows of a list as CSV, for a spreadsheet."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User

from review_app.csv_text import csv_lines
from review_app.queue_list import QueueList
from workflows_app import access
from workflows_app.shown.visible import visible

from .rows import Row, make_rows

MOST = 10_000
CHUNK = 500
COLUMNS = (
    "id",
    "subject",
    "workflow",
    "step",
    "run",
    "status",
    "priority",
    "asked",
    "due",
    "for",
    "tags",
    "owner",
    "votes",
    "needed",
    "comments",
    "decided by",
    "outcome",
    "decided",
)


def export(view: QueueList, user: User) -> Iterator[str]:
    """Line by line, in the order of the list; all its filters count."""
    return csv_lines(COLUMNS, (_cells(row) for row in _rows(view, user)))


def _rows(view: QueueList, user: User) -> Iterator[Row]:
    """Read in parts, so that nobody holds all of it."""
    ids = list(view.requests(user).values_list("pk", flat=True)[:MOST])
    for first in range(0, len(ids), CHUNK):
        part = ids[first : first + CHUNK]
        seen = access.visible_requests(user).filter(pk__in=part).defer("shown")
        found = {row.asked.pk: row for row in make_rows(seen, user)}
        yield from (found[pk] for pk in part if pk in found)


def _cells(row: Row) -> tuple[Any, ...]:
    asked, holder, decision = row.asked, row.seen.holder, row.decision
    return (
        str(asked.pk),
        visible(asked.subject),
        asked.workflow,
        asked.step,
        str(asked.run_id),
        asked.status,
        asked.priority,
        asked.opened_at.isoformat(),
        asked.expires_at.isoformat() if asked.expires_at else None,
        ", ".join([*asked.assignees, *asked.groups]),
        ", ".join(f"{key}={value}" for key, value in asked.tags.items()),
        holder.name if holder else None,
        row.votes,
        row.needed,
        row.seen.comments,
        (decision.name or decision.kind) if decision else None,
        decision.outcome if decision else None,
        decision.at.isoformat() if decision else None,
    )
