"""All figures of the engine and its database: raw limit, round trips, waiting runs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import add
from pathlib import Path
from statistics import median

from benchmarks import counted, raw, waiting
from benchmarks.clocks import CpuClock, Used
from benchmarks.house import worker
from benchmarks.raw import Raw
from benchmarks.report import Figure, Goal
from benchmarks.round_trips import Trips, drive

MANY = 32
SIZES = {
    "100 KB of state": {"kilobytes": 100},
    "1 MB of state": {"kilobytes": 1000},
    "1,000 events": {"lines": 1000},
}


@dataclass(frozen=True)
class Effort:
    """How long and how much is measured."""

    seconds: float
    warm_up: float
    waiting_runs: int


FULL = Effort(seconds=8.0, warm_up=1.5, waiting_runs=1000)
QUICK = Effort(seconds=0.9, warm_up=0.3, waiting_runs=60)


class EngineFigures:
    """Measures one thing after the other; the raw limit again and again between them."""

    def __init__(self, directory: Path, effort: Effort) -> None:
        self._directory = directory
        self._effort = effort
        self._raw: list[Raw] = []
        self._workers: dict[int, tuple[Trips, Used]] = {}
        self.details: dict[str, object] = {}

    def measure(self) -> Iterator[Figure]:
        yield from self._one_at_a_time()
        self._measure_raw()
        yield from self._one_worker_process()
        self._measure_raw()
        self._measure_many(2)
        self._measure_raw()
        yield from self._many_at_a_time()

    def _measure_raw(self) -> None:
        self._raw.append(raw.measure(self._directory, MANY, self._effort.seconds / 2))

    def _one_at_a_time(self) -> Iterator[Figure]:
        seconds = self._effort.seconds
        limit = raw.measure(self._directory, 1, seconds / 2)
        yield Figure("raw_1", "raw psycopg, 1 at a time", limit.per_second, "/s")
        yield Figure("raw_1_p50", "raw: answer → completed, p50", limit.answer_ms, "ms")
        fsyncs = counted.wal_fsyncs()
        with worker(self._directory, 1):
            warm = drive(1, self._effort.warm_up)
            trips = drive(1, seconds)
        fsyncs = counted.wal_fsyncs() - fsyncs
        ratio = trips.per_second / limit.per_second
        yield Figure(
            "trips_1", "round trips, 1 at a time", trips.per_second, "/s", ratio
        )
        yield Figure(
            "answer_p50",
            "answer → completed, p50",
            trips.p50,
            "ms",
            trips.p50 / limit.answer_ms,
            Goal("P3", "≤", 4),
        )
        done = warm.done + warm.after + trips.done + trips.after
        yield Figure("fsyncs", "WAL fsyncs a round trip", fsyncs / done, "")

    def _one_worker_process(self) -> Iterator[Figure]:
        with worker(self._directory, 1) as process:
            drive(MANY, self._effort.warm_up)
            self._measure_with(1, process.pid)
            yield from self._growth()
            yield from self._counted()
            yield from self._waiting(process.pid)

    def _measure_many(self, executors: int) -> None:
        with worker(self._directory, executors) as process:
            drive(MANY, self._effort.warm_up)
            self._measure_with(executors, process.pid)

    def _measure_with(self, executors: int, pid: int) -> None:
        with CpuClock(self._directory, pid) as clock:
            trips = drive(MANY, self._effort.seconds)
        self._workers[executors] = trips, clock.used

    def _growth(self) -> Iterator[Figure]:
        """Does an answer cost more when the run keeps or has seen much?"""
        small = drive(1, self._effort.seconds / 2)
        for text, fields in SIZES.items():
            large = drive(1, self._effort.seconds / 2, **fields)
            yield Figure(
                f"answer_p50_{next(iter(fields))}_{next(iter(fields.values()))}",
                f"answer → completed with {text}, p50 (ratio to 1 KB, few events)",
                large.p50,
                "ms",
                large.p50 / small.p50,
                Goal("P6", "≤", 1.5),
            )

    def _counted(self) -> Iterator[Figure]:
        found = counted.count(self._directory, min(2.0, self._effort.seconds))
        self.details["transactions"] = {
            kind: {
                "per_trip": round(found.transactions[kind] / found.trips, 2),
                "statements": round(found.per_transaction(kind), 2),
            }
            for kind in found.transactions
        }
        yield Figure(
            "durable_commits",
            "durable commits a round trip",
            found.durable_commits,
            "",
            goal=Goal("P4", "≤", 4.01),
        )
        yield Figure(
            "statements",
            "statements in the largest kind of transition",
            found.most_statements,
            "",
            goal=Goal("P4", "≤", 4),
        )
        mean = found.mean_statements
        yield Figure("mean_statements", "statements a transition, mean", mean, "")
        every = sum(found.statements.values()) / found.trips
        yield Figure("all_statements", "statements a round trip, all", every, "")
        yield Figure("wal_bytes", "WAL a round trip", found.wal_bytes, "bytes")

    def _waiting(self, pid: int) -> Iterator[Figure]:
        found = waiting.measure(pid, self._effort.waiting_runs)
        self.details["disk_by_table"] = {k: round(v) for k, v in found.tables.items()}
        yield Figure(
            "disk",
            "disk a waiting run",
            found.disk,
            "bytes",
            goal=Goal("P5", "≤", 2500),
        )
        yield Figure("memory", "worker's memory a waiting run", found.memory, "bytes")

    def _many_at_a_time(self) -> Iterator[Figure]:
        limit = median(found.per_second for found in self._raw)
        yield Figure("raw_32", f"raw psycopg, {MANY} at a time", limit, "/s")
        for executors, goal in ((1, Goal("P1", "≥", 0.55)), (2, Goal("P2", "≥", 0.65))):
            trips, _ = self._workers[executors]
            yield Figure(
                f"trips_32_{executors}",
                f"round trips, {MANY} at a time, {executors} executor(s)",
                trips.per_second,
                "/s",
                trips.per_second / limit,
                goal,
            )
        yield from self._cpu()

    def _cpu(self) -> Iterator[Figure]:
        """Where the CPU time of a round trip goes, beside the raw limit's."""
        here = [found.used.here / found.trips for found in self._raw]
        database = [found.used.database / found.trips for found in self._raw]
        yield _cpu("raw_cpu_here", "CPU: raw, client", median(here))
        yield _cpu("raw_cpu_database", "CPU: raw, PostgreSQL", median(database))
        trips, used = self._workers[1]
        each = replace(
            used,
            here=used.here / trips.done,
            worker=used.worker / trips.done,
            database=used.database / trips.done,
        )
        yield _cpu("cpu_here", "CPU: who starts and answers", each.here)
        yield _cpu("cpu_worker", "CPU: worker", each.worker)
        yield _cpu("cpu_database", "CPU: PostgreSQL", each.database)
        every = each.here + each.worker + each.database
        limit = median(map(add, here, database))
        yield replace(
            _cpu("cpu", "CPU: all (the figure that noise disturbs least)", every),
            ratio=every / limit,
        )


def _cpu(key: str, text: str, seconds: float) -> Figure:
    return Figure(key, f"{text}, a round trip", seconds * 1000, "ms")
