"""The figures of the dashboard, as programs get them: numbers, and seconds."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from review_app.dashboard.board import Backlog, Board
from review_app.dashboard.number import Number
from review_app.dashboard.page import Dashboard
from review_app.dashboard.spans import Span
from review_app.dashboard.table import Line

from .queue_shapes import Counted


class Asked(BaseModel):
    """What waits for people."""

    waiting: Counted
    late: Counted
    unclaimed: Counted
    snoozed: Counted
    oldest: float | None = Field(
        default=None, description="Seconds for which the oldest waits."
    )


class Today(BaseModel):
    """What was decided since midnight, and in how many seconds."""

    decided: Counted
    median: float | None
    p90: float | None = Field(description="Nine of ten took no longer.")
    by_deadline: Counted
    undone: Counted
    taken_over: Counted


class Runs(BaseModel):
    """Unfinished runs, and those of seven days that ended badly."""

    running: Counted
    waiting: Counted
    paused: Counted
    stuck: Counted
    failed: Counted
    timed_out: Counted


class Deliveries(BaseModel):
    """What came in today, and what is to leave."""

    came_in: Counted
    refused: Counted
    to_send: Counted
    failed: Counted


class WaitingStep(BaseModel):
    """Jobs of a step that no worker has taken up yet."""

    workflow: str
    step: str
    count: int
    oldest: float = Field(description="Seconds.")


class BoardReply(BaseModel):
    """How things are now. How workers are: `/workers`."""

    asked: Asked
    today: Today
    runs: Runs
    deliveries: Deliveries
    backlog: list[WaitingStep]

    @classmethod
    def of(cls, board: Board) -> "BoardReply":
        return cls(
            asked=Asked(**_values(board.asked)),
            today=Today(**_values(board.today)),
            runs=Runs(**_values(board.runs)),
            deliveries=Deliveries(**_values(board.deliveries)),
            backlog=_steps(board.backlog),
        )


class BarReply(BaseModel):
    """How many decisions took so many seconds: at least, and less than."""

    at_least: int
    less_than: int | None
    count: int


class PointReply(BaseModel):
    """How many requests waited at a moment."""

    at: datetime
    count: int


class SpanReply(BaseModel):
    """A part of the way of a decision, in seconds."""

    name: str
    count: int
    median: float | None
    p90: float | None

    @classmethod
    def of(cls, span: Span) -> "SpanReply":
        median, p90 = _seconds(span.median), _seconds(span.p90)
        return cls(name=span.name, count=span.count, median=median, p90=p90)


class LineReply(BaseModel):
    """A workflow, a group or a reviewer: what waits there, and how fast it was."""

    name: str
    waiting: Counted
    late: Counted
    decided: int
    by_deadline: int
    median: float | None
    p90: float | None

    @classmethod
    def of(cls, line: Line) -> "LineReply":
        told = line.figures
        return cls(
            name=told.name,
            waiting=Counted.of(line.waiting),
            late=Counted.of(line.late),
            decided=told.decided,
            by_deadline=told.by_deadline,
            median=_seconds(told.median),
            p90=_seconds(told.p90),
        )


class DaysReply(BaseModel):
    """How it went: of the newest decisions of 14 days, if there are very many."""

    since: date
    took: list[BarReply]
    waiting: list[PointReply]
    spans: list[SpanReply]
    table: list[LineReply]

    @classmethod
    def of(cls, dashboard: Dashboard) -> "DaysReply":
        bars = [
            BarReply(
                at_least=bar.decisions.over,
                less_than=bar.decisions.under or None,
                count=bar.count,
            )
            for bar in dashboard.took.bars
        ]
        points = dashboard.waiting.points
        return cls(
            since=date.fromisoformat(dashboard.days.since),
            took=bars,
            waiting=[PointReply(at=each.at, count=each.count) for each in points],
            spans=list(map(SpanReply.of, dashboard.spans)),
            table=list(map(LineReply.of, dashboard.table.lines)),
        )


def _values(numbers: Iterable[Number]) -> dict[str, Any]:
    """The numbers of a part of the page, under the names that they have there."""
    return {_name(each.key): _value(each) for each in numbers}


def _name(key: str) -> str:
    return key.removeprefix("runs-").replace("-", "_")


def _value(number: Number) -> Counted | float | None:
    if isinstance(number.value, int):
        return Counted(count=number.value, is_more=number.is_least)
    return _seconds(number.value)


def _steps(backlog: Backlog) -> list[WaitingStep]:
    return [
        WaitingStep(
            workflow=each.workflow,
            step=each.step,
            count=each.count,
            oldest=each.oldest.total_seconds(),
        )
        for each in backlog.steps
    ]


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
