"""An executor: fetches jobs, claims calls, runs steps' bodies, commits what they did.

Its main loop serves the queue, the database and the clock, and never runs a body.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from time import monotonic
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import DatabaseError

from workflows_app.engine import registry
from workflows_app.engine.context import Link
from workflows_app.engine.definition import INPUT_HANDLER
from workflows_app.engine.errors import RunNotFoundError
from workflows_app.engine.ticks import CallClaimed, Tick
from workflows_app.models import Call
from workflows_app.runtime.definitions import publish
from workflows_app.runtime.discovery import load_workflows
from workflows_app.runtime.jobs import (
    LOST,
    JobQueue,
    MessageJob,
    StepJob,
    Work,
    entrypoints,
)
from workflows_app.runtime.transition import Applied, Claimant, apply
from workflows_app.stream.wakeup import connection_parameters

from .attempt import RunningAttempt
from .database import AWAY, DatabaseThreads
from .execute import THREADS, Bodies, Granted, RunningBody
from .isolated import Isolation
from .process import SILENCE, identity

log = logging.getLogger(__name__)

POLL = 5.0
BATCH = 10
DATABASE_THREADS = 4
PATIENCE = 60.0
"""Seconds for which a finished step waits for a database that is away."""

BEAT = 0.2
"""Seconds from one sign of life to the next."""

THAW = 2.0
"""Seconds after it was frozen in which an executor looks whether it still holds what it
begins: what it claimed before may have been given back."""

Report = Callable[[Mapping[str, Any]], None]
SendMessage = Callable[[UUID], Awaitable[None]]
P = ParamSpec("P")
T = TypeVar("T")


class Executor:
    """The work of one process.

    `report` tells the supervisor what runs, and for how long; `send_message` sends
    what leaves the house.
    """

    def __init__(self, report: Report, send_message: SendMessage) -> None:
        self._name = str(identity())
        self._bodies = Bodies()
        self._isolation = Isolation()
        self._report = report
        self._send_message = send_message
        self._database = DatabaseThreads(DATABASE_THREADS, brief=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._attempts: dict[UUID, list[RunningAttempt]] = {}
        self._draining = asyncio.Event()
        self._beat_at = self._thawed_at = monotonic()
        self._queue = JobQueue([])

    async def beat(self) -> None:
        """Let the supervisor hear that the main loop turns, and see which others do."""
        while True:
            now = monotonic()
            if now > self._beat_at + SILENCE:
                self._thawed_at = now
            self._beat_at = now
            self._report({"kind": "alive"})
            self._bodies.look()
            for attempt in list(self._running()):
                attempt.look()
            await asyncio.sleep(BEAT)

    async def run(self) -> None:
        """Fetch and run until told to drain; then finish what is under way."""
        self._queue = JobQueue(await self._publish())
        while not self._draining.is_set():
            try:
                parameters = await self._in_database(connection_parameters)
                await self._queue.connect(parameters)
                self._report({"kind": "ready"})
                await self._serve()
            except LOST as error:
                log.warning("Lost the queue's connection: %s", error)
                await asyncio.sleep(0.5)
        await self._queue.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def drain(self) -> None:
        self._draining.set()
        self._queue.wake()

    def obey(self, order: Mapping[str, Any]) -> None:
        """The supervisor has found that an attempt does not count any more."""
        for attempt in self._attempts.get(UUID(order["run"]), ()):
            call = attempt.granted.start.call
            if (call.number, call.attempt) == (order["call"], order["attempt"]):
                attempt.watch.fence()

    def _running(self) -> Iterator[RunningAttempt]:
        for attempts in self._attempts.values():
            yield from attempts

    # What an attempt needs of its host

    def start(
        self, granted: Granted, link: Link, begun: Callable[[], None]
    ) -> RunningBody:
        if granted.is_isolated:
            return self._isolation.start(granted, link, begun)
        return self._bodies.start(granted, link)

    def rescue(self, running: RunningBody) -> None:
        self._bodies.rescue(running)

    def report(self, kind: str, granted: Granted, **more: object) -> None:
        call = granted.start.call
        name = {"call": call.number, "attempt": call.attempt}
        self._report({"kind": kind, "run": str(granted.run_id), **name, **more})

    async def apply(
        self, granted: Granted, tick: Tick, *, claims: bool = False
    ) -> Applied:
        """Move the attempt's run; what else runs here of it learns what became of it."""
        claimant = self._claimant(granted) if claims else None
        applied = await self._in_database(
            apply, granted.run_id, tick, claimant=claimant
        )
        for attempt in list(self._attempts.get(granted.run_id, ())):
            attempt.watch.learn(applied)
        if applied.state.is_finished:
            self._bodies.sessions.drop(str(granted.run_id))
        return applied

    def _claimant(self, granted: Granted) -> Claimant | None:
        """How this process takes the run's next call with it; not while it drains."""
        workflow = registry.find_workflow(granted.workflow)
        if workflow is None or self._draining.is_set():
            return None
        return Claimant(self._name, {*workflow.steps, INPUT_HANDLER})

    # Work

    async def _in_database(
        self, act: Callable[P, T], *given: P.args, **named: P.kwargs
    ) -> T:
        """Run in a database thread, again and again while the database is away."""
        deadline, pause = monotonic() + PATIENCE, 0.1
        while True:
            try:
                return await self._database.run(act, *given, **named)
            except AWAY as error:
                if monotonic() > deadline:
                    raise
                log.warning("The database is away: %s", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def _publish(self) -> list[str]:
        """Offer every workflow that there is code for."""
        names = []
        for workflow in load_workflows():
            definition = workflow.definition
            if any(step.isolation == "process" for step in definition.steps):
                self._isolation.prepare()
            try:
                await self._in_database(publish, definition)
            except DatabaseError as error:
                log.error("Left out workflow %s: %s", workflow.name, error)
            else:
                names += entrypoints(definition)
        return names

    async def _serve(self) -> None:
        """Never fetch more than there are free threads: others may be idle."""
        while not self._draining.is_set():
            wanted = min(THREADS - len(self._tasks), BATCH)
            works = await self._queue.fetch(wanted) if wanted > 0 else []
            for work in works:
                self._begin(work)
            if not works or len(works) < wanted:
                await self._queue.wait(POLL)

    def _begin(self, work: Work) -> None:
        task = asyncio.create_task(self._do(work))
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        if len(self._tasks) == THREADS:
            self._queue.wake()  # there is a free thread again
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A job failed", exc_info=task.exception())

    async def _do(self, work: Work) -> None:
        if isinstance(work, MessageJob):
            await self._send_message(work.message_id)
            return
        granted = await self._in_database(_claim, work, self._name)
        while granted is not None:  # its completion may grant the next call of the run
            if self._was_frozen() and not await self._in_database(_is_held, granted):
                return
            granted = await self._run(granted)

    def _was_frozen(self) -> bool:
        """Whether the supervisor may have given back what this process has claimed."""
        now = monotonic()
        return now > self._beat_at + SILENCE or now < self._thawed_at + THAW

    async def _run(self, granted: Granted) -> Granted | None:
        """One attempt, from its begin to its end as the supervisor hears of them."""
        attempt = RunningAttempt(self, granted)
        self._attempts.setdefault(granted.run_id, []).append(attempt)
        limits = granted.limits
        told = {"limit": limits.step, "active": limits.active, "life": limits.life}
        self.report("begin", granted, **told, budget=granted.budget)
        try:
            return await attempt.finish()
        finally:  # whatever happened here, nobody must hold the lease for us any more
            self.report("end", granted)
            self._attempts[granted.run_id].remove(attempt)
            if not self._attempts[granted.run_id]:
                del self._attempts[granted.run_id]


def _claim(job: StepJob, worker: str) -> Granted | None:
    try:
        return Granted.find(apply(job.run_id, CallClaimed(job.call, worker)))
    except RunNotFoundError:
        return None


def _is_held(granted: Granted) -> bool:
    start = granted.start
    name = {"number": start.call.number, "attempt": start.call.attempt}
    return Call.objects.filter(
        run_id=granted.run_id, worker=start.worker, **name
    ).exists()
