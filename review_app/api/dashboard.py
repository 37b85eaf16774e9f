"""The operators' figures: how things are, how they went in the last days, and of what."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from review_app.dashboard.board import Backlog, Board
from review_app.dashboard.decisions import DecisionList
from review_app.dashboard.number import Number
from review_app.dashboard.page import Dashboard
from review_app.dashboard.rows import Row, listed, make_row
from review_app.dashboard.spans import Span
from review_app.dashboard.table import COMPARE, Line
from review_app.reader_zone import find_zone
from workflows_app import access
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import ApiError, not_found
from workflows_app.api.inputs import Limit, Person
from workflows_app.api.keyset import Keyset, read_number
from workflows_app.api.routes import get
from workflows_app.models import Claim, Scope

from .days import Day
from .queue_shapes import Counted

router = Router(tags=["dashboard"])

By: TypeAlias = Literal["workflow", "group", "reviewer"]
What: TypeAlias = Literal["decided", "deadline", "undone", "taken-over"]
Seconds: TypeAlias = Annotated[int, Field(ge=0, lt=10**9)]


def _known(name: str) -> str:
    if find_zone(name) is None:
        raise ValueError("is no time zone that is known here")
    return name


Zone = Annotated[str, StringConstraints(max_length=100), AfterValidator(_known)]


class Zoned(BaseModel):
    """Where days begin and end."""

    zone: Zone = Field(default="UTC", description="As in `Europe/Berlin`.")

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


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


class DecidedReply(BaseModel):
    """What somebody, or a deadline, did with a request."""

    at: datetime
    request_id: UUID
    subject: str
    workflow: str
    step: str | None
    who: str
    outcome: str | None
    reason: str
    seconds: float = Field(description="Since it was asked.")
    taken_over_by: str | None

    @classmethod
    def of(cls, row: Row) -> "DecidedReply":
        asked = row.request
        return cls(
            at=row.at,
            request_id=asked.pk,
            subject=asked.subject,
            workflow=asked.workflow,
            step=asked.step or None,
            who=row.who,
            outcome=row.outcome or None,
            reason=row.reason,
            seconds=row.took.total_seconds(),
            taken_over_by=row.taken_over_by or None,
        )


class DecidedPage(BaseModel):
    """Some decisions, the newest first."""

    items: list[DecidedReply]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class DaysWanted(Zoned):
    """In which way decisions are told apart."""

    by: By = "workflow"


class DecidedFilters(Zoned):
    """Which decisions a list shows."""

    what: What = "decided"
    since: Day | None = None
    until: Day | None = None
    workflow: Person | None = None
    group: Person | None = Field(
        default=None, description="`(anybody)`: addressed to nobody in particular."
    )
    reviewer: Person | None = None
    over: Seconds = Field(default=0, description="Those that took at least so long.")
    under: Seconds = Field(default=0, description="Less than that; 0: any time.")
    cursor: str = ""
    limit: Limit = 50

    @property
    def view(self) -> DecisionList:
        return DecisionList(
            what=self.what,
            since=self.since or "",
            until=self.until or "",
            workflow=self.workflow or "",
            group=self.group or "",
            reviewer=self.reviewer or "",
            over=self.over,
            under=self.under,
        )


@get(router, "/dashboard", Scope.READ, Scope.OPERATE, returns=BoardReply)
def get_dashboard(request: HttpRequest, wanted: Query[Zoned]) -> BoardReply:
    """What waits, what was decided today, and how runs, jobs and deliveries are."""
    return BoardReply.of(Board(_reader(request), wanted.clock))


@get(router, "/dashboard/days", Scope.READ, Scope.OPERATE, returns=DaysReply)
def get_days(request: HttpRequest, wanted: Query[DaysWanted]) -> DaysReply:
    """How long decisions took and how many requests waited in the last 14 days.

    Of each reviewer only for who may compare people.
    """
    user = _reader(request)
    _check_compares(user, by_person=wanted.by == "reviewer")
    return DaysReply.of(Dashboard(user, wanted.clock, wanted.by))


@get(router, "/decisions", Scope.READ, Scope.OPERATE, returns=DecidedPage)
def list_decisions(request: HttpRequest, wanted: Query[DecidedFilters]) -> DecidedPage:
    """The decisions that the dashboard counts, the newest first.

    Of one reviewer only for who may compare people.
    """
    user, view = _reader(request), wanted.view
    _check_compares(user, by_person=wanted.reviewer is not None)
    rows = listed(view, wanted.clock)
    of_claims = {"read_pk": read_number} if rows.model is Claim else {}
    keyset: Keyset[Any] = Keyset(view.moment, **of_claims)
    found, after = keyset.page(rows, wanted.cursor, wanted.limit)
    items = [DecidedReply.of(make_row(each)) for each in found]
    return DecidedPage(items=items, next=after)


def _reader(request: HttpRequest) -> User:
    user = user_of(request)
    if not access.may_see_dashboard(user):
        raise not_found()
    return user


def _check_compares(user: User, *, by_person: bool) -> None:
    if by_person and not user.has_perm(COMPARE):
        message = "Figures of each reviewer are for those who may compare people."
        raise ApiError(403, "not_allowed", message)


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
