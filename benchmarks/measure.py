"""Everything that is measured, one after the other, in one run."""

import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from benchmarks import memory_figures, page_figures
from benchmarks.engine_figures import FULL, QUICK, EngineFigures
from benchmarks.report import Figure, Report


def measure(directory: Path, *, is_quick: bool) -> Report:
    """Say each figure as soon as it is known; return all of them."""
    began = monotonic()
    report = Report(is_quick=is_quick)
    engine = EngineFigures(directory, QUICK if is_quick else FULL)
    journeys = (5, 0.8) if is_quick else (30, 4.0)
    for figure in _each(engine, directory, *journeys):
        sys.stderr.write(f"{figure.text}: {figure.value:.2f} {figure.unit}\n")
        report.figures.append(figure)
    report.details |= engine.details | {"seconds": round(monotonic() - began)}
    return report


def _each(
    engine: EngineFigures, directory: Path, times: int, seconds: float
) -> Iterator[Figure]:
    yield from engine.measure()
    yield from memory_figures.measure(max(3, times // 5))
    yield from page_figures.measure(directory, times, seconds)
