"""What processes have used: CPU time and memory, by the operating system's account."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants, as they are now."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory(pid: int) -> int:
    """Resident bytes of a process and its descendants."""
    return sum(process.memory_info().rss for process in family(pid))


def server_pid(directory: Path) -> int:
    """The embedded PostgreSQL: the first line of the file that it writes itself."""
    text = (directory / "postgres" / "postmaster.pid").read_text()
    return int(text.splitlines()[0])


@dataclass(frozen=True)
class Used:
    """CPU seconds: of this process, of a worker, of the database."""

    here: float
    worker: float
    database: float


class CpuClock:
    """`with CpuClock(…) as clock: …`, then `clock.used`."""

    def __init__(self, directory: Path, worker_pid: int = 0) -> None:
        self._database = server_pid(directory)
        self._worker = worker_pid
        self.used = Used(0, 0, 0)

    def __enter__(self) -> "CpuClock":
        self._before = self._read()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        now, before = self._read(), self._before
        self.used = Used(
            now.here - before.here,
            now.worker - before.worker,
            now.database - before.database,
        )

    def _read(self) -> Used:
        here = psutil.Process(os.getpid()).cpu_times()
        worker = _spent(self._worker) if self._worker else 0.0
        return Used(here.user + here.system, worker, _spent(self._database))


def _spent(pid: int) -> float:
    """Of a process and its descendants, those that have ended included."""
    return sum(_spent_by(process) for process in family(pid))


def _spent_by(process: psutil.Process) -> float:
    """What has ended meanwhile is part of its parent's account."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    own: float = times.user + times.system
    ended: float = times.children_user + times.children_system
    return own + ended
