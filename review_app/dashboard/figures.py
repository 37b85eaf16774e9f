"""Figures of decisions: how many, how fast, by what; over no more rows than some."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    CharField,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Q,
)

from .decisions import ANYBODY, TOOK, Votes

WORKFLOW, GROUP, REVIEWER = "workflow", "group", "reviewer"

MOST_TODAY = 10_000
MOST_LOOKED_AT = 50_000
"""Decisions that are looked at, the newest: the page takes the same time with any number."""

BARS = (60, 300, 900, 3600, 4 * 3600, 24 * 3600, 72 * 3600)
"""Seconds at which the bars of the histogram of decisions meet."""


class Percentiles(Aggregate):
    """Below which half of the values are, and below which nine tenths."""

    function = "percentile_cont"
    template = "%(function)s(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DurationField())


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some decisions: how many, half and nine tenths took no longer than that."""

    name: str = ""
    decided: int = 0
    by_deadline: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None

    @property
    def share_by_deadline(self) -> float:
        return 100 * self.by_deadline / self.decided if self.decided else 0.0


def newest(votes: Votes, most: int) -> tuple[Votes, bool]:
    """No more than so many of these; and whether there are more than that."""
    beyond = votes.values_list("at", flat=True)[most : most + 1]
    last = next(iter(beyond), None)
    return (votes, False) if last is None else (votes.filter(at__gt=last), True)


def figures(votes: Votes) -> Figures:
    """Of all of them together."""
    return _figures(votes.order_by().aggregate(**_columns()))


def figures_by(votes: Votes, dimension: str) -> list[Figures]:
    """Of each workflow, group or reviewer that occurs."""
    match dimension:
        case "group":
            named = votes.annotate(name=_each_group())
        case "reviewer":
            persons = votes.filter(responder_kind="person")
            named = persons.annotate(name=F("responder"))
        case _:
            named = votes.annotate(name=F("workflow"))
    rows = named.order_by().values("name").annotate(**_columns())
    return [_figures(dict(row)) for row in rows]


def histogram(votes: Votes) -> list[int]:
    """How many took how long: one number for each bar."""
    bars = zip((0, *BARS), (*BARS, None), strict=True)
    counts = {f"bar{i}": Count("pk", filter=_between(*b)) for i, b in enumerate(bars)}
    found = votes.order_by().aggregate(**counts)
    return [found[name] for name in counts]


def _between(least: int, limit: int | None) -> Q:
    asked = F("asked_at")
    found = Q(at__gte=asked + timedelta(seconds=least)) if least else Q()
    return found & Q(at__lt=asked + timedelta(seconds=limit)) if limit else found


def _columns() -> dict[str, Any]:
    took = ExpressionWrapper(TOOK, output_field=DurationField())
    return {
        "decided": Count("pk"),
        "by_deadline": Count("pk", filter=Q(responder_kind="deadline")),
        "took": Percentiles(took),
    }


def _each_group() -> Func:
    """A row for each group of a vote; one without groups is addressed to anybody."""
    return Func(
        F("groups"),
        template=f"unnest(CASE WHEN %(expressions)s = '{{}}'"
        f" THEN '{{{ANYBODY}}}' ELSE %(expressions)s END)",
        output_field=CharField(),
        set_returning=True,
    )


def _figures(row: dict[str, Any]) -> Figures:
    median, p90 = row["took"] or (None, None)
    return Figures(row.get("name", ""), row["decided"], row["by_deadline"], median, p90)
