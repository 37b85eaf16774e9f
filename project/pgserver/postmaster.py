"""The server process of a data directory, found through its pid file."""

import contextlib
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)
# The wall clock may be put right by this much between two looks at a start time.
CLOCK_TOLERANCE = 3.0
PATIENCE = 5.0


@dataclass(frozen=True)
class Postmaster:
    """A process that is alive and serves this data directory."""

    process: psutil.Process
    status: str

    @property
    def is_ready(self) -> bool:
        """Does it take connections?"""
        return self.status == "ready"

    def stop(self, limit: float) -> None:
        """Ask for a fast shutdown and wait for its end: connections are closed."""
        with contextlib.suppress(*GONE):
            self.process.send_signal(signal.SIGINT)
        wait_for_end([self.process], limit)


def pid_file(data: Path) -> Path:
    """Return the path of the file in which the server writes who it is."""
    return data / "postmaster.pid"


def find_postmaster(data: Path) -> Postmaster | None:
    """Return the live server, if any; another process with its pid is none."""
    try:
        lines = pid_file(data).read_text("utf-8", "replace").split("\n")
        process = psutil.Process(int(lines[0]))
        if not _serves(process, data, started=float(lines[2])):
            return None
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError, *GONE):
        return None
    status = lines[7].strip() if len(lines) > 7 else "starting"  # noqa: PLR2004 - its eighth line
    return Postmaster(process, status)


def is_ready(data: Path) -> bool:
    """Is there a server that takes connections?"""
    postmaster = find_postmaster(data)
    return postmaster is not None and postmaster.is_ready


def wait_for_end(processes: list[psutil.Process], limit: float) -> list[psutil.Process]:
    """Wait until all have ended; return those that have not.

    A zombie has ended: in a container nobody may ever collect it.
    """
    deadline = time.monotonic() + limit
    running = [process for process in processes if is_running(process)]
    while running and time.monotonic() < deadline:
        with contextlib.suppress(psutil.TimeoutExpired, *GONE):
            running[0].wait(0.01)
        running = [process for process in running if is_running(process)]
    return running


def is_running(process: psutil.Process) -> bool:
    """Is it still the same process, and no zombie? A dead child of ours is collected."""
    try:
        process.wait(0)
    except psutil.TimeoutExpired:
        with contextlib.suppress(*GONE):
            return bool(
                process.is_running() and process.status() != psutil.STATUS_ZOMBIE
            )
    return False


def clear_remains(data: Path) -> None:
    """Make room for a new server after the last one was killed.

    1. Wait for its orphans: they still write to the data.
    2. Kill those that hang.
    3. Remove its pid file: with a reused pid it would keep every server from starting.
    """
    orphans = wait_for_end(_orphans(data), PATIENCE)
    for orphan in orphans:
        with contextlib.suppress(*GONE):
            orphan.kill()
    wait_for_end(orphans, PATIENCE)
    pid_file(data).unlink(missing_ok=True)


def _orphans(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.AccessDenied, *GONE):
            if process.name() == "postgres" and process.cwd() == str(data):
                found.append(process)
    return found


def _serves(process: psutil.Process, data: Path, started: float) -> bool:
    """Is this a server, and ours? It works inside its data directory.

    Where we may not look at that, it is the one that started when the file says.
    """
    with process.oneshot():
        if process.name() != "postgres" or not is_running(process):
            return False
        try:
            return bool(process.cwd() == str(data))
        except psutil.AccessDenied:
            return bool(abs(process.create_time() - started) <= CLOCK_TOLERANCE)
