"""The geometry of the two charts: numbers in, places in an SVG out.

Across, places are hundredths of the width, so that text is as large on a phone; down,
they are pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log10

from .decisions import DecisionList
from .figures import BARS
from .waiting import Point

TOP, BASE = 20, 160
"""Where the highest value stands, and none."""

TICKS = 4
LABELS = (
    ("<1", "min"),
    ("1-5", "min"),
    ("5-15", "min"),
    ("15-60", "min"),
    ("1-4", "h"),
    ("4-24", "h"),
    ("1-3", "days"),
    (">3", "days"),
)
DAYS_NAMED = 7
LAST_NAMED = 90
"""A day named further to the right would stand outside."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How many decisions took that long, and the list of them."""

    times: str
    unit: str
    count: int
    decisions: DecisionList
    x: float
    width: float
    y: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def height(self) -> float:
        return BASE - self.y


@dataclass(frozen=True, slots=True)
class Histogram:
    """How long decisions took."""

    bars: list[Bar]
    is_cut: bool = False

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid, with the number that it stands for."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Day:
    """A moment that is named below the line."""

    at: datetime
    x: float


@dataclass(frozen=True, slots=True)
class Line:
    """How many waited, over time. The last point is now."""

    points: list[Point]
    path: str
    ticks: list[Tick]
    days: list[Day]
    is_cut: bool = False

    @property
    def most(self) -> int:
        return max(point.count for point in self.points)


def draw_histogram(
    counts: Sequence[int], days: DecisionList, *, is_cut: bool
) -> Histogram:
    """A bar for each length of time; each stands for the list of what it counts."""
    most, step = max(1, *counts), 100 / len(counts)
    edges = zip((0, *BARS), (*BARS, 0), strict=True)
    bars = [
        Bar(
            *LABELS[i],
            count,
            DecisionList(since=days.since, over=over, under=under),
            x=i * step + step / 10,
            width=step * 0.8,
            y=_y(count, most),
        )
        for i, (count, (over, under)) in enumerate(zip(counts, edges, strict=True))
    ]
    return Histogram(bars, is_cut)


def draw_line(points: Sequence[Point], *, is_cut: bool) -> Line:
    """A line through all points, above a grid of round numbers."""
    top, ticks = _grid(max(point.count for point in points))
    first, last = points[0].at, points[-1].at
    whole = (last - first).total_seconds() or 1.0
    xs = [100 * (point.at - first).total_seconds() / whole for point in points]
    places = [
        f"{x:.2f},{_y(point.count, top):.1f}"
        for x, point in zip(xs, points, strict=True)
    ]
    days = [
        Day(point.at, x)
        for x, point in zip(xs, points[:-1], strict=False)
        if point.at.time() == first.time() and x <= LAST_NAMED
    ]
    every = max(1, ceil(len(days) / DAYS_NAMED))
    return Line(list(points), f"M{' '.join(places)}", ticks, days[::every], is_cut)


def _y(count: int, top: int) -> float:
    return BASE - (BASE - TOP) * count / top


def _grid(most: int) -> tuple[int, list[Tick]]:
    """A round number that is at least as high as everything, and lines below it."""
    step = _round_up(most / TICKS)
    top = step * TICKS
    return top, [Tick(_y(step * i, top), step * i) for i in range(TICKS + 1)]


def _round_up(value: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50, and so on."""
    size = int(10 ** int(log10(max(value, 1))))
    return next(size * each for each in (1, 2, 5, 10) if size * each >= value)
