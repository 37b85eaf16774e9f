"""The worker's row: what it tells operators of itself, and what they want of it.

A row is a report and never a lock; one that is gone or wrong is mended by the next beat.
"""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

import psutil
import uuid_utils.compat as uuid

from workflows_app.runtime.effects import LEASE
from workflows_app.runtime.statements import execute
from workflows_app.runtime.statements.workers import (
    BURY_WORKERS,
    DROP_WORKERS,
    INSERT_WORKER,
    RENEW,
    STOP_WORKER,
    UNSTOPPED,
)

from .held import Held

KEPT = 24 * 3600.0
"""Seconds for which a worker that is not heard of any more is remembered."""

Token = tuple[UUID, int, int]


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker runs: each attempt with the name of its executor."""

    slots: int
    held: list[tuple[str, Held]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a beat brought: the attempts that still count, and whether to drain."""

    renewed: set[Token]
    is_draining: bool


class Heartbeat:
    """Written every few seconds, in one statement with the leases."""

    def __init__(self) -> None:
        self._name = {"worker": uuid.uuid7()}
        self._at_it = Lock()
        self._is_over = False

    def begin(self) -> None:
        """Say that this worker is there, and what of this machine's is not any more."""
        host = socket.gethostname()
        execute(DROP_WORKERS, {"seconds": KEPT})
        execute(BURY_WORKERS, {"workers": _dead(host)})
        execute(INSERT_WORKER, {**self._name, "host": host, "pid": os.getpid()})

    def beat(self, load: Load) -> Heard:
        """Hold what runs for another lease, and tell that this worker lives."""
        with self._at_it:
            if self._is_over:  # a beat that was late must not raise the dead
                return Heard(set(), is_draining=True)
            rows = execute(RENEW, {**self._name, **_parameters(load)}).fetchall()
        is_draining = rows[0][0]
        if is_draining is None:
            self.begin()
        renewed = {(run, call, attempt) for _, run, call, attempt in rows if run}
        return Heard(renewed, bool(is_draining))

    def end(self) -> None:
        """Say that this worker stopped, as it should."""
        with self._at_it:
            self._is_over = True
            execute(STOP_WORKER, self._name)


def _parameters(load: Load) -> dict[str, object]:
    attempts = [held for _, held in load.held if not held.cut_at]
    executors = [executor for executor, held in load.held if not held.cut_at]
    return {
        "lease": LEASE,
        "slots": load.slots,
        "busy": len(load.held),
        "executors": executors,
        "runs": [held.run_id for held in attempts],
        "calls": [held.call for held in attempts],
        "attempts": [held.attempt for held in attempts],
    }


def _dead(host: str) -> list[UUID]:
    """The workers of this machine that ended without a word."""
    rows: Iterable[tuple[UUID, int]] = execute(UNSTOPPED, {"host": host}).fetchall()
    return [worker for worker, pid in rows if not psutil.pid_exists(pid)]
