"""The dashboard as a whole, and its figures as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone

from review_app.csv_text import csv_text

from .board import Board
from .charts import Histogram, Line, draw_histogram, draw_line
from .decisions import DecisionList, midnight
from .figures import MOST_LOOKED_AT, WORKFLOW, histogram, newest
from .spans import Span, read_spans
from .table import Table, dimensions, read_table
from .waiting import waiting_over_time

Cells: TypeAlias = tuple[Sequence[str], Sequence[Sequence[Any]]]

DAYS = 14
"""What the charts and the table look back at, with today."""

CSV = ("took", "waiting", "spans", "table")


@dataclass(frozen=True)
class Dashboard:
    """What one operator sees, told apart in the way that he asked for."""

    user: User
    zone: ZoneInfo
    by: str = WORKFLOW

    @property
    def board(self) -> Board:
        return Board(self.user, self.zone)

    @property
    def most(self) -> str:
        """How many decisions are looked at, where there are more."""
        return f"{MOST_LOOKED_AT:,}"

    @property
    def dimensions(self) -> dict[str, str]:
        return dimensions(self.user)

    @cached_property
    def days(self) -> DecisionList:
        first = self.board.day - timedelta(days=DAYS - 1)
        return DecisionList(since=first.isoformat())

    @cached_property
    def took(self) -> Histogram:
        """How long the decisions of these days took."""
        votes, is_cut = newest(self.days.votes(self.zone), MOST_LOOKED_AT)
        return draw_histogram(histogram(votes), self.days, is_cut=is_cut)

    @cached_property
    def waiting(self) -> Line:
        """How many requests waited in these days."""
        since = midnight(self.days.since, self.zone)
        found = waiting_over_time(since, timezone.now())
        return draw_line(found.points, is_cut=found.is_cut)

    @cached_property
    def spans(self) -> list[Span]:
        return read_spans()

    @cached_property
    def table(self) -> Table:
        by = self.by if self.by in self.dimensions else WORKFLOW
        return read_table(self.user, by, self.days, self.zone)

    def csv(self, name: str) -> str:
        """One of the figures, for a spreadsheet."""
        names, rows = getattr(self, f"_{name}_cells")()
        return csv_text(names, rows)

    def _took_cells(self) -> Cells:
        bars = [(f"{bar.times} {bar.unit}", bar.count) for bar in self.took.bars]
        return ("time to decision", "decisions"), bars

    def _waiting_cells(self) -> Cells:
        points = [(point.at.isoformat(), point.count) for point in self.waiting.points]
        return ("at", "waiting"), points

    def _spans_cells(self) -> Cells:
        spans = [
            (span.name, span.count, _seconds(span.median), _seconds(span.p90))
            for span in self.spans
        ]
        return ("span", "decisions", "median seconds", "p90 seconds"), spans

    def _table_cells(self) -> Cells:
        lines = [
            (
                line.figures.name,
                line.waiting if line.open else None,
                line.late if line.open else None,
                line.figures.decided,
                _seconds(line.figures.median),
                _seconds(line.figures.p90),
                line.figures.by_deadline,
            )
            for line in self.table.lines
        ]
        names = ("waiting", "late", "decided", "median seconds", "p90 seconds")
        return (self.table.dimension, *names, "by deadline"), lines


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 1)
