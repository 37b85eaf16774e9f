"""The supervisor's hand on attempts: it ends what is late although its executor is stuck.

An executor that is alive ends its late attempts itself, a little earlier.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from random import random
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from workflows_app.engine.ticks import CallLost, RunTimedOut, StepTimedOut, Tick
from workflows_app.models import Call
from workflows_app.runtime.transition import Applied, apply

from .child import Child
from .database import DatabaseThreads
from .held import Held
from .process import SILENCE

log = logging.getLogger(__name__)

MARGIN = 0.2
"""Seconds that an executor has to end a late attempt itself."""

STOPPING = 0.5
"""Seconds that a body has to stop before its executor gets no new work any more."""

FROZEN = 2.0
"""Seconds without a sign of life after which an executor is replaced."""

GRACE = 5.0
"""Seconds from the end of an attempt to the kill of the process it is stuck in (R36)."""


class Cutter:
    """Looks at what executors run, many times a second, and never waits for one cut."""

    def __init__(self, database: DatabaseThreads) -> None:
        self._database = database
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, children: Iterable[Child]) -> None:
        now = monotonic()
        for child in children:
            for held in child.held():
                if held.is_late(now - MARGIN):
                    self._begin(child, held, now)
            if child.has_cut(now, STOPPING):
                child.leave()
            if child.has_cut(now, GRACE):
                child.kill()
            if child.is_silent(now, FROZEN):
                child.leave()  # as soon as it can; another one takes its place now
            if child.is_silent(now, SILENCE) and now > child.searched_at + SILENCE:
                child.searched_at = now
                self._do(self._give_back(child))

    def fence(self, child: Child, held: Held) -> None:
        """The run has given this attempt up: its body is asked to stop."""
        if not (held.cut_at or held.is_done):
            held.cut_at = monotonic()
            child.cut(held)

    def _begin(self, child: Child, held: Held, now: float) -> None:
        held.is_being_cut = True
        self._do(self._cut(child, held, now))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A cut failed", exc_info=task.exception())

    async def _give_back(self, child: Child) -> None:
        """What a frozen executor has claimed and not begun can be done elsewhere.

        Unless the run's time is over: it counts from the claim.
        """
        begun = {(held.run_id, held.call, held.attempt) for held in child.held()}
        try:
            claimed = await self._database.run(_claimed, child.name)
            for run_id, call, attempt in claimed - begun:
                log.warning(
                    "Executor %s is frozen: call %s is given back", child.pid, call
                )
                await self._database.run(apply, run_id, RunTimedOut())
                lost = CallLost(call, attempt, counts=False)
                await self._database.run(apply, run_id, lost)
        except (DatabaseError, InterfaceError) as error:
            log.warning("Could not give back what %s claimed: %s", child.name, error)

    async def _cut(self, child: Child, held: Held, now: float) -> None:
        """The run goes on first; its process is given up then."""
        tick = _late_tick(held, now)
        try:
            applied = await self.send(held, tick)
            if applied is None:
                await asyncio.sleep(1.0)  # the database is away
            elif isinstance(tick, StepTimedOut) or applied.state.is_finished:
                self.fence(child, held)
                child.leave()
            else:
                left = held.active_left(applied.state, applied.at)
                held.clock.look_again(monotonic(), left)
        finally:
            held.is_being_cut = False

    async def send(self, held: Held, tick: Tick) -> Applied | None:
        """Move an attempt's run; None when the database does not let us."""
        try:
            return await self._database.run(apply, held.run_id, tick)
        except (DatabaseError, InterfaceError) as error:
            log.warning("Could not tell run %s: %s", held.run_id, error)
            return None


def _claimed(worker: str) -> set[tuple[UUID, int, int]]:
    return set(
        Call.objects.filter(worker=worker).values_list("run_id", "number", "attempt")
    )


def _late_tick(held: Held, now: float) -> Tick:
    late = held.clock.late(now)
    if late == "run" or late is None:
        return RunTimedOut()
    return StepTimedOut(
        held.call,
        held.attempt,
        held.clock.limit(),
        held.clock.elapsed(now),
        random(),  # noqa: S311 - jitter
    )
