"""Fragments that pages and sockets share, each drawn once for everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from workflows_app import access
from workflows_app.models import InputRequest, Run
from workflows_app.stream.log import LAST_KINDS, Line, read

STATUS_KINDS = LAST_KINDS | {
    "run_started",
    "run_waiting",
    "run_paused",
    "run_resumed",
    "input_requested",
    "input_received",
    "input_expired",
}
"""The kinds of lines after which a run may say something else about itself."""

KEPT = 2000
ROOM = 256 * 1024
"""Bytes of bodies that are read at once: lines may be large, rows are small."""

K = TypeVar("K")
V = TypeVar("V")

_rows: dict[tuple[UUID, int], SafeString] = {}
_statuses: dict[UUID, tuple[int, SafeString]] = {}


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines that are not loaded, before or after those that are.

    Among filtered lines nobody has counted them.
    """

    first: int
    last: int
    is_earlier: bool
    is_counted: bool = True

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def page_query(self) -> str:
        """Where the next of them are, for a page of its own."""
        return (
            f"before={self.last + 1}" if self.is_earlier else f"after={self.first - 1}"
        )

    @property
    def query(self) -> str:
        """The same, for the place of the gap itself."""
        other = f"down_to={self.first}" if self.is_earlier else f"up_to={self.last}"
        return f"{self.page_query}&{other}"


def draw_line(line: Line) -> SafeString:
    """A line of the log as a row of the timeline; lines never change."""
    key = line.run_id, line.number
    row = _rows.get(key)
    if row is None:
        row = _draw("review/_event_row.html", {"line": line})
        _keep(_rows, key, row)
    return row


def draw_lines(run_id: UUID, *, after: int, most: int) -> Iterator[SafeString]:
    """The rows of lines above a number, oldest first."""
    while most > 0 and (lines := read(run_id, after=after, most=most, size=ROOM)):
        yield from map(draw_line, lines)
        most -= len(lines)
        after = lines[-1].number


def draw_gap(run_id: UUID, first: int, last: int) -> SafeString:
    """A row in place of lines that a page has missed, and may load."""
    context = {"run": {"pk": run_id}, "gap": Gap(first, last, is_earlier=False)}
    return _draw("review/_event_gap.html", context)


def find_status(run_id: UUID, number: int) -> SafeString | None:
    """What has been drawn of the run's status since this line."""
    known, status = _statuses.get(run_id, (0, None))
    return status if known >= number else None


def draw_status(run_id: UUID, number: int) -> SafeString:
    """How the run stands after a line, or later, to be swapped in out of band."""
    status = find_status(run_id, number)
    if status is None:
        run = Run.objects.defer("state", "input", "result").get(pk=run_id)
        context = {"run": run, "open_requests": count_open(run), "oob": True}
        status = _draw("review/_run_status.html", context)
        _keep(_statuses, run_id, (run.last_number, status))
    return status


def count_open(run: Run) -> int:
    """How many questions of the run, and of those that work for it, wait for a person."""
    return access.requests_of(run).filter(status=InputRequest.Status.OPEN).count()


def _draw(template: str, context: dict[str, Any]) -> SafeString:
    """A template without blanks around it, still known to be HTML."""
    return mark_safe(render_to_string(template, context).strip())  # noqa: S308 - a template's


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """Keep the newest; several threads may do so at once."""
    kept[key] = value
    if len(kept) > KEPT:
        for oldest in list(islice(list(kept), KEPT // 10)):
            kept.pop(oldest, None)
