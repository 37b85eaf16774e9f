"""Which lines of a run's log a page shows, and which it does not: always in the open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from review_app.fragments import Gap, draw_lines
from workflows_app.models import Run, RunEvent
from workflows_app.stream.log import COLUMNS, Line

from .line_filter import Filter, read_number

SHOWN = 200
"""Lines at once; what is before and after them is a gap that can be loaded."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in a log: at its end, before a line, or after one.

    Who fills a gap has on his page what is before `down_to`, or after `up_to`.
    """

    before: int | None = None
    after: int | None = None
    down_to: int = 1
    up_to: int | None = None
    fills_gap: bool = False

    @classmethod
    def of_page(cls, query: QueryDict) -> "Place":
        return cls(read_number(query, "before"), read_number(query, "after"))

    @classmethod
    def of_gap(cls, query: QueryDict) -> "Place":
        return cls(
            read_number(query, "before"),
            read_number(query, "after"),
            max(1, read_number(query, "down_to") or 1),
            read_number(query, "up_to"),
            fills_gap=True,
        )

    def end(self, run: Run) -> int:
        """The last line that may be shown here."""
        ends = (
            [run.last_number] if self.up_to is None else [run.last_number, self.up_to]
        )
        return min(ends if self.before is None else [*ends, self.before - 1])


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a log, and the gaps around them."""

    rows: Sequence[SafeString]
    earlier: Gap | None
    later: Gap | None


def read_part(run: Run, asked: Filter, place: Place) -> Part:
    """The lines of a run that fit, from some place on."""
    if not asked.is_on:
        return _read_all(run, place)
    fitting = asked.among(run.pk)
    if place.after is not None:
        return _read_after(run, fitting, place)
    return _read_before(run, fitting, place)


def _read_all(run: Run, place: Place) -> Part:
    end = place.end(run)
    if place.after is not None:
        first = min(place.after, end) + 1
        last = min(end, first + SHOWN - 1)
    else:
        first, last = max(place.down_to, end - SHOWN + 1), end
    rows = draw_lines(run.pk, after=first - 1, most=max(0, last - first + 1))
    return Part(
        rows=[_safe(row) for row in rows],
        earlier=None if _is_above(place) else _gap(place.down_to, first - 1),
        later=None
        if _is_below(place)
        else _gap(last + 1, _newest(run, place), is_earlier=False),
    )


def _is_above(place: Place) -> bool:
    """Whether a gap is filled from its beginning: what is before it is there."""
    return place.fills_gap and place.after is not None


def _is_below(place: Place) -> bool:
    """Whether a gap is filled from its end: what is after it is there."""
    return place.fills_gap and place.before is not None


def _newest(run: Run, place: Place) -> int:
    return run.last_number if place.up_to is None else min(place.up_to, run.last_number)


def _gap(
    first: int, last: int, *, is_earlier: bool = True, is_counted: bool = True
) -> Gap | None:
    return Gap(first, last, is_earlier, is_counted) if first <= last else None


def _read_after(run: Run, fitting: QuerySet[RunEvent], place: Place) -> Part:
    assert place.after is not None
    end = place.end(run)
    above = fitting.filter(number__gt=place.after, number__lte=end)
    lines = _lines(above.order_by("number"))
    earlier = None if _is_above(place) else _gap(1, place.after, is_counted=False)
    later = None
    if rest := lines[SHOWN:]:
        later = Gap(rest[0].number, end, is_earlier=False, is_counted=False)
    return Part(_draw(lines[:SHOWN]), earlier, later)


def _read_before(run: Run, fitting: QuerySet[RunEvent], place: Place) -> Part:
    end = place.end(run)
    below = fitting.filter(number__gte=place.down_to, number__lte=end)
    lines = _lines(below.order_by("-number"))
    earlier = None
    if rest := lines[SHOWN:]:
        earlier = Gap(place.down_to, rest[0].number, is_earlier=True, is_counted=False)
    later = None
    if not _is_below(place):
        later = _gap(end + 1, run.last_number, is_earlier=False, is_counted=False)
    return Part(_draw(lines[:SHOWN][::-1]), earlier, later)


def _lines(found: QuerySet[RunEvent]) -> list[Line]:
    rows = found.values_list("run_id", *COLUMNS)[: SHOWN + 1]
    return [Line(*row) for row in rows]


def _draw(lines: Iterable[Line]) -> list[SafeString]:
    """Rows among which others are missing: what is before a line is what is shown."""
    drawn, before = [], None
    for line in lines:
        context = {"line": replace(line, before_at=before), "is_alone": True}
        drawn.append(_safe(render_to_string("review/_event_row.html", context).strip()))
        before = line.at
    return drawn


def _safe(row: str) -> SafeString:
    return mark_safe(row)  # noqa: S308 - drawn by a template
