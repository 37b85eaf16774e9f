"""The figures of a run of the benchmark, as a table and as one line of JSON."""

import json
from dataclasses import dataclass, field
from typing import Literal

NOTE = (
    "Absolute figures say little: this machine may be doing other things. Compare only"
    " ratios, and only within this run."
)

QUICK_NOTE = (
    "--quick: too few samples to judge P5 (pages of 8 KB among few runs) and P6."
)


@dataclass(frozen=True)
class Goal:
    """performance.md, 3: the bound, and on which side of it is good."""

    name: str
    side: Literal["≥", "≤"]
    bound: float

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.side == "≥" else value <= self.bound

    def judge(self, value: float) -> str:
        verdict = "met" if self.is_met(value) else "MISSED"
        return f"{self.name} {self.side} {self.bound:g} {verdict}"


@dataclass(frozen=True)
class Figure:
    """One measurement; `ratio` is to the raw limit, or to what the text says."""

    key: str
    text: str
    value: float
    unit: str
    ratio: float | None = None
    goal: Goal | None = None

    @property
    def judged(self) -> str:
        if self.goal is None:
            return ""
        return self.goal.judge(self.value if self.ratio is None else self.ratio)


@dataclass
class Report:
    """What was measured, in the order in which it is read."""

    figures: list[Figure] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)
    is_quick: bool = False

    def table(self) -> str:
        width = max(len(figure.text) for figure in self.figures)
        rows = [_row(figure, width) for figure in self.figures]
        notes = [QUICK_NOTE, NOTE] if self.is_quick else [NOTE]
        return "\n".join(["", *rows, "", *notes])

    def json(self) -> str:
        figures = {figure.key: _plain(figure) for figure in self.figures}
        told = {"figures": figures, "details": self.details, "quick": self.is_quick}
        return json.dumps(told, ensure_ascii=False)


def _row(figure: Figure, width: int) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} x"
    value = f"{_number(figure.value):>9} {figure.unit:<6}"
    return f"{figure.text:<{width}}  {value} {ratio:>8}  {figure.judged}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004


def _plain(figure: Figure) -> dict[str, object]:
    plain: dict[str, object] = {"value": round(figure.value, 3), "unit": figure.unit}
    if figure.ratio is not None:
        plain["ratio"] = round(figure.ratio, 3)
    if figure.goal is not None:
        measured = figure.value if figure.ratio is None else figure.ratio
        plain["goal"] = f"{figure.goal.name} {figure.goal.side} {figure.goal.bound:g}"
        plain["met"] = figure.goal.is_met(measured)
    return plain
