"""The watch loop: turns moments that have come into ticks. Every worker runs one.

It looks without locks; `apply` checks again under the run's lock, so any number of
watchers may see the same thing.
"""

import logging
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from psycopg.errors import LockNotAvailable

from workflows_app.engine.ticks import (
    CallDue,
    CallLost,
    RequestDue,
    RunTimedOut,
    Tick,
)
from workflows_app.models import Call
from workflows_app.runtime import jobs
from workflows_app.runtime.definitions import get_definition
from workflows_app.runtime.effects import LEASE
from workflows_app.runtime.statements import due, execute
from workflows_app.runtime.transition import apply, deliver
from workflows_app.stream.wakeup import JOBS, notifier

from .database import AWAY
from .process import Identity

log = logging.getLogger(__name__)

FORGOTTEN = 5.0
"""Seconds after which a ready call without a job gets one, and between such looks.

A worker that dies after it fetched a job and before it claimed the call takes the job
with it; a run must go on within 15 s of any kill (reliability.md 7).
"""

UNDELIVERED = 1.0
"""Seconds after which news are delivered by somebody else than who wrote them."""


@dataclass
class Watcher:
    """Looks once a second.

    For one lease after the database came back, or this watcher to it, it calls nothing
    lost: those who hold leases could not renew them either.
    """

    lease: float = LEASE
    trusts_from: float = 0.0
    reminds_from: float = 0.0
    postmaster: object = None

    def look(self) -> None:
        """Send a tick for all that is due. What fails is tried at the next look."""
        try:
            self._look()
        except (DatabaseError, InterfaceError) as error:
            log.warning("The watch loop lost the database: %s", error)
            connection.close()
            self.trusts_from = monotonic() + self.lease

    def _look(self) -> None:
        if self._notice_restart():
            self.reminds_from = 0.0
        if monotonic() >= self.trusts_from:
            for run_id, call, attempt in _rows(due.LOST_CALLS):
                _send(run_id, CallLost(call, attempt))
        for run_id, call in _rows(due.DUE_CALLS):
            _send(run_id, CallDue(call))
        for run_id, request_id in _rows(due.DUE_REQUESTS):
            _send(run_id, RequestDue(request_id))
        for (run_id,) in _rows(due.LATE_RUNS):
            _send(run_id, RunTimedOut())
        deliver(row[0] for row in _rows(due.OLD_NEWS, seconds=UNDELIVERED))
        self._remind()

    def _notice_restart(self) -> bool:
        """A database that crashed has forgotten all jobs: their tables are unlogged.

        One that was moved knows transactions that it never saw.
        """
        started, seconds_ago = _rows(due.POSTMASTER)[0]
        restarted = bool(self.postmaster != started)
        if restarted:
            self.postmaster = started
            self.trusts_from = max(
                self.trusts_from, monotonic() + self.lease - seconds_ago
            )
            execute(due.FORGET_TRANSACTIONS, {})
        return restarted

    def _remind(self) -> None:
        """Make the jobs that are missing: for forgotten calls, and for due messages."""
        found = self._remind_of_calls() if monotonic() >= self.reminds_from else False
        messages = [row[0] for row in _rows(due.DUE_MESSAGES)]
        jobs.defer_messages(messages)
        if found or messages:
            notifier.send([JOBS])

    def _remind_of_calls(self) -> bool:
        age = FORGOTTEN if self.reminds_from else 0.0
        calls = _rows(due.READY_CALLS, seconds=age)
        for run_id, digest, priority, *call in calls:
            definition, ready = get_definition(digest), jobs.ReadyCall(*call)
            jobs.defer_steps(run_id, definition, [ready], priority=priority)
        self.reminds_from = monotonic() + FORGOTTEN
        return bool(calls)


def release_dead() -> int:
    """Take back at once what dead processes of this machine had claimed."""
    held = Call.objects.exclude(worker="").values_list(
        "worker", "run_id", "number", "attempt"
    )
    released = 0
    for name, run_id, call, attempt in list(held):
        holder = Identity.parse(name)
        if holder is not None and holder.is_dead():
            apply(run_id, CallLost(call, attempt))
            released += 1
    return released


def _rows(statement: str, **parameters: object) -> list[tuple[Any, ...]]:
    return list(execute(statement, parameters).fetchall())


def _send(run_id: UUID, tick: Tick) -> None:
    """One run that cannot be moved must not keep the others waiting."""
    try:
        apply(run_id, tick)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        log.warning("Somebody holds run %s; its due tick waits", run_id)
    except AWAY:
        raise
    except Exception:
        log.exception("A due tick failed in run %s", run_id)
