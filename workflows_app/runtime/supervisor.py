"""The worker's parent process: it runs no code of workflows, so nothing can block it.

It keeps executors running, holds the leases of what they run, ends what is late even
when an executor is stuck, and turns moments that have come into ticks (watch.py).
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from random import uniform
from time import monotonic
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from workflows_app.engine.ticks import CallLost, RunTimedOut, StepTimedOut, Tick

from .child import Child, Held
from .discovery import fingerprint
from .effects import LEASE
from .statements import RENEW_LEASES, execute
from .transition import apply
from .watch import Watcher, release_dead

log = logging.getLogger(__name__)

RENEW = 3.0
"""Seconds between renewals of a lease of nine (design.md 3)."""

MARGIN = 0.2
"""Seconds that an executor has to end a late attempt itself."""

GRACE = 5.0
"""Seconds from the end of an attempt to the kill of the process it is stuck in (R36)."""

DRAIN = 10.0
"""Seconds that executors have to finish when the worker is stopped."""


class Supervisor:
    """Runs a number of executors until it is told to stop."""

    def __init__(self, executors: int) -> None:
        self._wanted = executors
        self._children: list[Child] = []
        self._stopping = asyncio.Event()
        self._watcher = Watcher()
        self._fails = 0

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; then everything that runs is finished or given back."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        await self._release_dead()
        duties = [
            asyncio.create_task(self._repeat(self._keep_children, 0.1)),
            asyncio.create_task(self._repeat(self._renew_leases, RENEW)),
            asyncio.create_task(self._repeat(self._look, 1.0)),
            asyncio.create_task(self._reload_on_change()),
        ]
        await self._stopping.wait()
        duties[0].cancel()  # no new children; leases are held until the end
        await self._drain()
        for duty in duties:
            duty.cancel()

    async def _release_dead(self) -> None:
        """Wait for a database that is away, or not migrated yet; then begin."""
        while not self._stopping.is_set():
            try:
                await self._in_database(release_dead)
            except (DatabaseError, InterfaceError) as error:
                log.warning("Waiting for the database: %s", error)
                await asyncio.sleep(1.0)
            else:
                return

    async def _repeat(self, duty: Callable[[], Any], seconds: float) -> None:
        while True:
            try:
                await duty()
            except Exception:
                log.exception("A duty of the supervisor failed; it goes on")
            await asyncio.sleep(uniform(seconds * 0.8, seconds))  # noqa: S311 - jitter

    async def _in_database(self, act: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.to_thread(_guard, act, *given)

    async def _look(self) -> None:
        await self._in_database(self._watcher.look)

    # Children

    async def _keep_children(self) -> None:
        for child in list(self._children):
            if child.has_ended():
                await self._bury(child)
        serving = [child for child in self._children if not child.leaving]
        if len(serving) < self._wanted:
            await self._spawn()
        for child in list(self._children):
            await self._cut_late(child)

    async def _spawn(self) -> None:
        """Start one; after one that did not come up, wait longer and longer."""
        if self._fails:
            await asyncio.sleep(min(0.5 * 2**self._fails, 10.0))
        self._children.append(Child(asyncio.get_running_loop()))

    async def _bury(self, child: Child) -> None:
        """What a dead process was running is lost at once, without waiting for leases."""
        self._children.remove(child)
        self._fails = 0 if child.was_ready or child.leaving else self._fails + 1
        child.close()
        if not child.leaving:
            log.warning("Executor %s ended by itself", child.pid)
        self._watcher.reminds_from = 0.0  # of jobs that it fetched and never claimed
        for held in child.held():
            counts = held is child.suspect()
            await self._send(held, CallLost(held.call, held.attempt, counts))

    async def _cut_late(self, child: Child) -> None:
        now = monotonic()
        for held in child.held():
            if not held.cut_at and held.is_late(now, MARGIN):
                held.cut_at = now
                child.leave()  # it gets no new work, and a replacement is started
                await self._send(held, _late_tick(held, now))
        if child.is_stuck(now, GRACE):
            log.warning("Executor %s is stuck in a late step: killed", child.pid)
            child.kill()

    async def _send(self, held: Held, tick: Tick) -> None:
        try:
            await self._in_database(apply, held.run_id, tick)
        except (DatabaseError, InterfaceError) as error:
            log.warning("Left to the lease of %s: %s", held.run_id, error)

    async def _renew_leases(self) -> None:
        for child in list(self._children):
            held = [h for h in child.held() if not h.cut_at]
            if held:
                parameters = {
                    "worker": child.name,
                    "lease": LEASE,
                    "runs": [h.run_id for h in held],
                    "calls": [h.call for h in held],
                    "attempts": [h.attempt for h in held],
                }
                await self._in_database(_renew, parameters)

    async def _reload_on_change(self) -> None:
        """When a file of flows changes, fresh executors take over; the old ones finish."""
        known = await asyncio.to_thread(fingerprint)
        while True:
            await asyncio.sleep(1.0)
            found = await asyncio.to_thread(fingerprint)
            if found != known:
                known = found
                log.warning("Flows have changed: starting executors with the new code")
                for child in self._children:
                    child.leave()

    async def _drain(self) -> None:
        """Let executors finish; what they do not finish in time is given back."""
        for child in self._children:
            child.leave()
        deadline = monotonic() + DRAIN
        while any(not c.has_ended() for c in self._children):
            if monotonic() > deadline:
                for child in self._children:
                    child.kill()
            await asyncio.sleep(0.05)
        for child in list(self._children):
            await self._bury(child)


def _late_tick(held: Held, now: float) -> Tick:
    elapsed = now - held.began
    if held.limit is not None and elapsed >= held.limit:
        return StepTimedOut(held.call, held.attempt, held.limit, elapsed)
    return RunTimedOut()


def _renew(parameters: dict[str, Any]) -> None:
    execute(RENEW_LEASES, parameters)


def _guard(act: Callable[..., Any], *given: Any) -> Any:
    """Give the connection back after each use: to_thread uses many threads."""
    try:
        return act(*given)
    finally:
        connection.close()
