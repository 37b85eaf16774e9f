"""A throw-away installation: its environment, its database, its processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

BASE = Path(__file__).resolve().parent.parent
LIMIT = 60.0
"""Seconds for anything here to start, also on a busy machine."""


@contextmanager
def throw_away_house() -> Iterator[Path]:
    """Set Django up on an embedded server in a temporary directory; remove it at last."""
    with tempfile.TemporaryDirectory(
        prefix="holdpoint-benchmark-", ignore_cleanup_errors=True
    ) as directory:
        for name in ("DATABASE_URL", "DATABASE_DIRECT_URL", "HOLDPOINT_PROFILE"):
            os.environ.pop(name, None)
        os.environ["HOLDPOINT_DATA"] = directory
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        _set_up()
        try:
            yield Path(directory)
        finally:
            _let_go(Path(directory))


def _set_up() -> None:
    """Imported late: the environment must be set before."""
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)


def _let_go(directory: Path) -> None:
    """Close every connection, then let the server end before its files are removed."""
    from django.db import connections  # noqa: PLC0415

    from project.pgserver.server import get_server  # noqa: PLC0415

    for connection in connections.all():
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
    get_server(directory.resolve() / "postgres").let_go()


@contextmanager
def running(directory: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A command of manage.py as a process of its own; what it says goes to a file."""
    command = [sys.executable, str(BASE / "manage.py"), *arguments]
    with (directory / "processes.log").open("ab") as said:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*command, "--parent", str(os.getpid())],
            cwd=BASE,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def worker(directory: Path, executors: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker all of whose executors listen for jobs."""
    arguments = ("worker", "--executors", str(executors))
    with running(directory, *arguments) as process:
        wait_for(process, lambda: _listening(process.pid) >= executors)
        yield process


def wait_for(process: "subprocess.Popen[bytes]", is_so: Any) -> None:
    """Wait until it is so, for a bounded time, or until the process has ended."""
    deadline = monotonic() + LIMIT
    while not is_so():
        if monotonic() > deadline:
            raise TimeoutError(f"Not ready in {LIMIT:.0f} s: {process.args!r}")
        try:
            ended = process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"Ended with {ended}: {process.args!r}")


def _listening(pid: int) -> int:
    """How many of the worker's executors have asked the queue for work.

    The queue's driver says nothing of itself, so they are known by what they asked last.
    """
    from django.db import connection  # noqa: PLC0415

    from benchmarks.clocks import family  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND (query LIKE 'LISTEN holdpoint%%' OR query LIKE '%%pgqueuer%%')"
        )
        found = int(cursor.fetchone()[0])
    return min(found, len(family(pid)) - 1)
