"""Transactions and statements of a round trip, counted in the server's own log.

What the server writes down is what it was asked: by the worker, by its queue, by
whoever starts and answers. Nothing is replaced and nothing is estimated.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.round_trips import drive
from workflows_app.stream.wakeup import connection_parameters

ENTRY = re.compile(r"^(\d+)\|(?:LOG:  (?:statement|execute [^:]*): |DETAIL:  )(.*)$")
OURS = ("SELECT id, status FROM", "LISTEN", "benchmark counts")
KINDS = {
    "start": "INSERT INTO workflows_app_run (",
    "ask": "INSERT INTO workflows_app_inputrequest",
    "answer": "INSERT INTO workflows_app_inputresponse",
    "claim": "'off'",
    "end": "UPDATE workflows_app_run",
    "wake-up": "pg_notify",
    "queue": "pgqueuer",
    "watch loop": "< clock_timestamp()",
}
"""How a transaction is recognised: by the first of these texts that it contains."""

DURABLE = ("start", "ask", "answer", "end")
MOVING = (*DURABLE, "claim")
SESSION = {"BEGIN", "COMMIT", "ROLLBACK"}
FSYNCS = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"


@dataclass
class Counted:
    """For each kind of transaction: how many a round trip, and their statements."""

    trips: int
    transactions: Counter[str] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)
    wal_bytes: int = 0

    @property
    def durable_commits(self) -> float:
        return sum(self.transactions[kind] for kind in DURABLE) / self.trips

    def per_transaction(self, kind: str) -> float:
        """Statements between BEGIN and COMMIT, these two not counted."""
        return self.statements[kind] / max(1, self.transactions[kind])

    @property
    def most_statements(self) -> float:
        """Of the transactions that move a run, those with the most: what a goal means."""
        return max(map(self.per_transaction, MOVING))

    @property
    def mean_statements(self) -> float:
        """The cheap claims make this one smaller."""
        moved = sum(self.transactions[kind] for kind in MOVING)
        return sum(self.statements[kind] for kind in MOVING) / max(1, moved)


def count(directory: Path, seconds: float) -> Counted:
    """Round trips, one at a time, while the server logs every statement."""
    with psycopg.connect(**connection_parameters(), autocommit=True) as connection:
        with _logging(connection):
            drive(1, 0.5)  # until all connections have heard of the setting
            log = directory / "postgres.log"
            before = log.stat().st_size
            began = _wal_position(connection)
            drive(1, seconds)
            written = _wal_position(connection) - began
        with log.open("rb") as file:
            file.seek(before)
            text = file.read().decode(errors="replace")
    counted = _sum_up(_transactions(text))
    counted.wal_bytes = written // counted.trips
    return counted


@contextmanager
def _logging(connection: psycopg.Connection) -> Iterator[None]:
    connection.execute("ALTER SYSTEM SET log_line_prefix = '%p|'")
    connection.execute("ALTER SYSTEM SET log_statement = 'all'")
    connection.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")


def _wal_position(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT pg_current_wal_lsn() - '0/0' /* benchmark counts */"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """What each server process was asked, parameters included, as one text each."""
    pid, parts = "", list[str]()
    for line in text.splitlines():
        found = ENTRY.match(line)
        if found and "DETAIL:  " not in line[:24]:
            if parts:
                yield pid, " ".join(parts)
            pid, parts = found[1], [found[2]]
        elif found or line.startswith("\t"):
            parts.append(found[2] if found else line.strip())
    if parts:
        yield pid, " ".join(parts)


def _transactions(text: str) -> Iterator[list[str]]:
    """The statements of each transaction, in the order in which they committed."""
    under_way: dict[str, list[str]] = {}
    for pid, statement in _entries(text):
        if statement == "BEGIN":
            under_way[pid] = []
        elif statement in SESSION:
            yield under_way.pop(pid, [])
        elif pid in under_way:
            under_way[pid].append(statement)
        elif not any(mark in statement for mark in OURS):
            yield [statement]


def _sum_up(transactions: Iterator[list[str]]) -> Counted:
    counted = Counted(trips=1)
    for statements in transactions:
        kind = _kind("\n".join(statements))
        counted.transactions[kind] += 1
        counted.statements[kind] += len(statements)
    counted.trips = max(1, counted.transactions["answer"])
    return counted


def _kind(text: str) -> str:
    return next((kind for kind, mark in KINDS.items() if mark in text), "reading")


def wal_fsyncs() -> int:
    """So many the server has counted; processes report theirs when they end."""
    with psycopg.connect(**connection_parameters(), autocommit=True) as connection:
        row = connection.execute(FSYNCS).fetchone()
        assert row is not None
        return int(row[0] or 0)
