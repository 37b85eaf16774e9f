"""The worker's parent process: it runs no code of workflows, so nothing can block it.

It keeps executors running, holds the leases of what they run, ends what is late even
when an executor is stuck (cutting.py), and turns moments that have come into ticks
(watch.py).
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from random import uniform
from time import monotonic
from typing import Any

from django.db import DatabaseError, InterfaceError

from workflows_app.engine.ticks import CallLost
from workflows_app.runtime.discovery import fingerprint

from . import execute
from .child import Child
from .cutting import Cutter
from .database import DatabaseThreads
from .heartbeat import Heartbeat, Load
from .housekeeping import tidy
from .watch import Watcher, release_dead

log = logging.getLogger(__name__)

RENEW = 3.0
"""Seconds between renewals of a lease of nine (design.md 3)."""

TIDY = 600.0
"""Seconds between two looks for what is not kept any longer."""

DRAIN = 10.0
"""Seconds that executors have to finish when the worker is stopped."""

THREADS = 6
"""For the database: renewals and the watch loop leave four for what is late."""


class Supervisor:
    """Runs a number of executors until it is told to stop."""

    def __init__(self, executors: int) -> None:
        self._wanted = executors
        self._children: list[Child] = []
        self._stopping = asyncio.Event()
        self._database = DatabaseThreads(THREADS)
        self._cutter = Cutter(self._database)
        self._watcher = Watcher()
        self._heartbeat = Heartbeat()
        self._is_draining = False
        self._fails = 0
        self._next_spawn = 0.0

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; then everything that runs is finished or given back."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        await self._begin()
        spawning = asyncio.create_task(self._repeat(self._keep_children, 0.1))
        duties = [
            asyncio.create_task(self._repeat(self._cut_late, 0.05)),
            asyncio.create_task(self._repeat(self._beat, RENEW)),
            asyncio.create_task(self._repeat(self._look, 1.0)),
            asyncio.create_task(self._repeat(self._tidy, TIDY)),
            asyncio.create_task(self._reload_on_change()),
        ]
        await self._stopping.wait()
        spawning.cancel()  # leases are held, and limits watched, until the end
        await self._drain()
        for duty in duties:
            duty.cancel()
        await self._end()

    async def _begin(self) -> None:
        """Wait for a database that is away, or not migrated yet."""
        while not self._stopping.is_set():
            try:
                await self._database.run(release_dead)
                await self._database.run(self._heartbeat.begin)
            except (DatabaseError, InterfaceError) as error:
                log.warning("Waiting for the database: %s", error)
                await asyncio.sleep(1.0)
            else:
                return

    async def _end(self) -> None:
        try:
            await self._database.run(self._heartbeat.end)
        except (DatabaseError, InterfaceError) as error:
            log.warning("Nobody will hear that this worker stopped: %s", error)

    async def _repeat(self, duty: Callable[[], Any], seconds: float) -> None:
        while True:
            try:
                await duty()
            except Exception:
                log.exception("A duty of the supervisor failed; it goes on")
            await asyncio.sleep(uniform(seconds * 0.8, seconds))  # noqa: S311 - jitter

    async def _look(self) -> None:
        await self._database.run(self._watcher.look)

    async def _tidy(self) -> None:
        await self._database.run(tidy)

    async def _cut_late(self) -> None:
        self._cutter.look(self._children)

    # Children

    async def _keep_children(self) -> None:
        for child in list(self._children):
            if child.has_ended():
                await self._bury(child)
        serving = [child for child in self._children if not child.leaving]
        wanted = self._wanted_beside(serving)
        if len(serving) < wanted and monotonic() >= self._next_spawn:
            self._children.append(Child(asyncio.get_running_loop()))

    def _wanted_beside(self, serving: Sequence[Child]) -> int:
        """The first one starts alone: it is ready sooner, and runs wait for it."""
        if self._is_draining:
            return 0
        return self._wanted if any(child.was_ready for child in serving) else 1

    async def _bury(self, child: Child) -> None:
        """What a dead process was running is lost at once, without waiting for leases.

        After one that did not come up, the next waits longer and longer.
        """
        self._children.remove(child)
        self._fails = 0 if child.was_ready or child.leaving else self._fails + 1
        if self._fails:
            self._next_spawn = monotonic() + min(0.5 * 2**self._fails, 10.0)
        child.close()
        if not child.leaving:
            log.warning("Executor %s ended by itself", child.pid)
        self._watcher.reminds_from = 0.0  # of jobs that it fetched and never claimed
        for held in child.held():
            counts = held is child.suspect()
            await self._cutter.send(held, CallLost(held.call, held.attempt, counts))

    async def _beat(self) -> None:
        """Renew the leases, tell operators of this worker, and hear what they want."""
        running = [(child, held) for child in self._children for held in child.held()]
        slots = len(self._children) * execute.THREADS
        load = Load(slots, [(child.name, held) for child, held in running])
        heard = await self._database.run(self._heartbeat.beat, load)
        for child, held in running:
            if (held.run_id, held.call, held.attempt) not in heard.renewed:
                self._cutter.fence(child, held)
        self._drain_or_not(heard.is_draining)

    def _drain_or_not(self, is_draining: bool) -> None:
        """While it drains, executors finish and none takes their place."""
        if is_draining != self._is_draining:
            log.warning("Draining" if is_draining else "Taking work again")
        self._is_draining = is_draining
        if is_draining:
            self._leave()

    async def _reload_on_change(self) -> None:
        """When a file of flows changes, fresh executors take over; the old ones finish."""
        known = await asyncio.to_thread(fingerprint)
        while True:
            await asyncio.sleep(1.0)
            found = await asyncio.to_thread(fingerprint)
            if found != known:
                known = found
                log.warning("Flows have changed: starting executors with the new code")
                self._leave()

    def _leave(self) -> None:
        for child in self._children:
            child.leave()

    async def _drain(self) -> None:
        """Let executors finish; what they do not finish in time is given back."""
        self._leave()
        deadline = monotonic() + DRAIN
        while any(not c.has_ended() for c in self._children):
            if monotonic() > deadline:
                for child in self._children:
                    child.kill()
            await asyncio.sleep(0.05)
        for child in list(self._children):
            await self._bury(child)
