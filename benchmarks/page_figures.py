"""All figures of pages and intake."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from benchmarks import pages
from benchmarks.report import Figure, Goal


def measure(directory: Path, times: int, seconds: float) -> Iterator[Figure]:
    waits, intake = pages.measure(directory, times, seconds)
    yield from _figures(
        "question", "webhook accepted → question on page", waits.question
    )
    yield from _figures("end", "answer posted → end on the run's socket", waits.end)
    yield Figure("empty_view", "an empty view", intake.empty, "/s")
    yield Figure(
        "intake",
        "signed webhooks of 20 KB, one web process (ratio to an empty view)",
        intake.hooks,
        "/s",
        intake.hooks / intake.empty,
        Goal("P11", "≥", 0.5),
    )


def _figures(key: str, text: str, waits: list[float]) -> Iterator[Figure]:
    yield Figure(f"{key}_p50", f"{text}, p50", median(waits), "ms")
    last = quantiles(waits, n=20, method="inclusive")[-1]
    yield Figure(f"{key}_p95", f"{text}, p95", last, "ms")
