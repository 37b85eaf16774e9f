"""Waiting, late, decided, and how fast: by workflow, by group, or by reviewer."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group, User

from review_app.queue.counting import count_each
from review_app.queue.tabs import ALL
from review_app.queue_list import QueueList
from workflows_app.runtime.definitions import EXTERNAL, current_definitions

from .decisions import ANYBODY, DEADLINE, DecisionList
from .figures import (
    GROUP,
    MOST_LOOKED_AT,
    REVIEWER,
    WORKFLOW,
    Figures,
    figures_by,
    newest,
)

COMPARE = "workflows_app.compare_reviewers"
"""The permission to see figures of people; nobody but administrators has it by himself."""

MOST = 50
DIMENSIONS = {WORKFLOW: "Workflow", GROUP: "Group", REVIEWER: "Reviewer"}
_FILTERS = {WORKFLOW: "workflow", GROUP: "group", REVIEWER: "owner"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table, with the lists that show what it counts.

    `open` is None where the queue has no such list.
    """

    figures: Figures
    decided: DecisionList
    by_deadline: DecisionList
    waiting: int = 0
    late: int = 0
    open: QueueList | None = None
    overdue: QueueList | None = None

    @property
    def slow_half(self) -> DecisionList | None:
        """Those that took as long as the median, or longer."""
        return self.decided.slower(self.figures.median)

    @property
    def slow_tenth(self) -> DecisionList | None:
        return self.decided.slower(self.figures.p90)

    @property
    def is_busy(self) -> bool:
        return bool(self.waiting or self.figures.decided)


@dataclass(frozen=True, slots=True)
class Table:
    """One way to tell decisions apart, over some days."""

    dimension: str
    lines: list[Line]
    is_cut: bool

    @property
    def label(self) -> str:
        return DIMENSIONS[self.dimension]


def dimensions(user: User) -> dict[str, str]:
    """The ways that this reader is offered."""
    may_compare = user.has_perm(COMPARE)
    return {k: v for k, v in DIMENSIONS.items() if may_compare or k != REVIEWER}


def read_table(user: User, dimension: str, days: DecisionList, zone: ZoneInfo) -> Table:
    """What waits most comes first."""
    votes, is_cut = newest(days.votes(zone), MOST_LOOKED_AT)
    told = {each.name: each for each in figures_by(votes, dimension)}
    busiest = sorted(told, key=lambda name: -told[name].decided)
    names = list(dict.fromkeys([*busiest, *_names(dimension)]))[:MOST]
    lines = [_line(dimension, told.get(name, Figures(name)), days) for name in names]
    lines = [line for line in _counted(user, lines) if line.is_busy]
    return Table(dimension, sorted(lines, key=lambda line: -line.waiting), is_cut)


def _names(dimension: str) -> list[str]:
    """What there is besides what was decided lately."""
    if dimension == GROUP:
        return list(
            Group.objects.order_by("name").values_list("name", flat=True)[:MOST]
        )
    if dimension == WORKFLOW:
        known = current_definitions().values_list("name", flat=True)
        return [*known[:MOST], EXTERNAL.name]
    return []


def _line(dimension: str, told: Figures, days: DecisionList) -> Line:
    kept = {dimension: told.name}
    decided = DecisionList(since=days.since, **kept)  # type: ignore[arg-type]  # a name
    by_deadline = replace(decided, what=DEADLINE)
    if told.name == ANYBODY:
        return Line(told, decided, by_deadline)
    filters = {_FILTERS[dimension]: told.name}
    return Line(
        told,
        decided,
        by_deadline,
        open=QueueList(tab=ALL, filters=filters),
        overdue=QueueList(tab=ALL, filters={**filters, "due": "late"}),
    )


def _counted(user: User, lines: list[Line]) -> list[Line]:
    """With what waits now, counted in one query."""
    views = [view for line in lines for view in (line.open, line.overdue) if view]
    counts = iter(count_each([view.requests(user) for view in views]) if views else [])
    return [
        replace(line, waiting=next(counts), late=next(counts)) if line.open else line
        for line in lines
    ]
