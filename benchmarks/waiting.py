"""What a run costs that waits for a person: bytes on disk, bytes in the worker."""

from dataclasses import dataclass

from django.db import connection

from benchmarks.clocks import memory
from benchmarks.round_trips import open_requests

SIZES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relname LIKE 'workflows\\_app\\_%'
"""


@dataclass(frozen=True)
class Waiting:
    """Bytes for each waiting run."""

    disk: float
    tables: dict[str, float]
    memory: float


def measure(worker_pid: int, runs: int) -> Waiting:
    """Make so many waiting runs in empty tables; leave the tables empty again."""
    _forget_runs()
    before, used = _sizes(), memory(worker_pid)
    open_requests(runs)
    after = _sizes()
    tables = {
        name.removeprefix("workflows_app_"): (after[name] - before[name]) / runs
        for name in after
    }
    grown = memory(worker_pid) - used
    _forget_runs()
    return Waiting(sum(tables.values()), tables, grown / runs)


def _forget_runs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE workflows_app_run, pgqueuer CASCADE")


def _sizes() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        return dict(cursor.fetchall())
