"""Processes of a worker: who they are, and that none outlives its parent."""

import ctypes
import os
import signal
import socket
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

SILENCE = 0.5
"""Seconds without a sign of life after which an executor counts as frozen."""

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class Identity:
    """A process, also after its pid has been given to another."""

    host: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}/{self.started}"

    @classmethod
    def parse(cls, text: str) -> "Identity | None":
        host, _, rest = text.partition("/")
        pid, _, started = rest.partition("/")
        return cls(host, int(pid), started) if pid.isdigit() and started else None

    def is_dead(self) -> bool:
        """Whether this process was one of this machine, and is no more."""
        return self.host == _host() and _started(self.pid) != self.started


def identity(pid: int | None = None) -> Identity:
    pid = pid or os.getpid()
    return Identity(_host(), pid, _started(pid) or "unknown")


def die_with_parent(parent: int) -> None:
    """Let the kernel end this process when the parent's thread that made it ends."""
    if hasattr(os, "uname") and os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("The parent is gone already.")


def child_environment() -> dict[str, str]:
    """What this process can import, its child can: also when started from elsewhere."""
    paths = [str(settings.BASE_DIR), *(path for path in sys.path if path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@lru_cache(maxsize=1)
def _host() -> str:
    """The machine, or the container, since its start: pids mean something only there."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        namespace, boot = 0, ""
    return f"{socket.gethostname()}-{boot}-{namespace}"


def _started(pid: int) -> str | None:
    """When a process began, in clock ticks since boot; None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]
