"""The limit: the same three commits by psycopg alone, with tables of their own."""

import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic

import psycopg

from benchmarks.clocks import CpuClock, Used
from workflows_app.stream.wakeup import connection_parameters

STATE = "x" * 1024
LINE = '{"kind": "step_completed", "duration_ms": 0.1}'
TABLES = """
    CREATE TABLE IF NOT EXISTS raw_run (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text, state text);
    CREATE TABLE IF NOT EXISTS raw_event (
        run_id bigint, number int, body text, PRIMARY KEY (run_id, number));
"""
INSERT = "INSERT INTO raw_run (status, state) VALUES ('waiting', %s) RETURNING id"
LOCK = "SELECT state FROM raw_run WHERE id = %s FOR UPDATE"
UPDATE = "UPDATE raw_run SET status = %s WHERE id = %s"
APPEND = "INSERT INTO raw_event (run_id, number, body) VALUES (%s, %s, %s)"


@dataclass(frozen=True)
class Raw:
    """What so many clients did in so many seconds."""

    per_second: float
    answer_ms: float
    used: Used
    trips: int


def measure(directory: Path, clients: int, seconds: float) -> Raw:
    """Round trips of `clients` threads, each with a connection of its own."""
    with psycopg.connect(**connection_parameters(), autocommit=True) as connection:
        connection.execute(TABLES)
    times: list[float] = []
    end = monotonic() + seconds
    threads = [
        threading.Thread(target=_client, args=(end, times)) for _ in range(clients)
    ]
    with CpuClock(directory) as clock:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return Raw(len(times) / seconds, median(times) * 1000, clock.used, len(times))


def _client(end: float, times: list[float]) -> None:
    with psycopg.connect(**connection_parameters(), autocommit=True) as connection:
        while monotonic() < end:
            times.append(_round_trip(connection))


def _round_trip(connection: psycopg.Connection) -> float:
    """Ask; answer; end. How long the last two took together."""
    with connection.transaction():
        row = connection.execute(INSERT, [STATE], prepare=True).fetchone()
        assert row is not None
        connection.execute(APPEND, [row[0], 1, LINE], prepare=True)
    began = monotonic()
    for number, status in ((2, "running"), (3, "completed")):
        with connection.transaction():
            connection.execute(LOCK, [row[0]], prepare=True).fetchone()
            connection.execute(UPDATE, [status, row[0]], prepare=True)
            connection.execute(APPEND, [row[0], number, LINE], prepare=True)
    return monotonic() - began
