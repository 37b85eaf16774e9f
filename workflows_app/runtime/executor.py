"""An executor: fetches jobs, claims calls, runs steps' bodies, commits what they did.

Its main loop serves the queue, the database and the clock, and never runs a body.
"""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from workflows_app.engine import registry
from workflows_app.engine.errors import RunNotFoundError
from workflows_app.engine.ticks import CallClaimed
from workflows_app.stream.wakeup import connection_parameters

from .attempt import RunningAttempt
from .definitions import publish
from .discovery import load_workflows
from .execute import THREADS, Bodies, Granted
from .jobs import LOST, CallbackJob, JobQueue, StepJob, Work, entrypoints
from .process import identity
from .transition import Claimant, apply

log = logging.getLogger(__name__)

POLL = 5.0
BATCH = 10
DATABASE_THREADS = 4
PATIENCE = 60.0
"""Seconds for which a finished step waits for a database that is away."""

Report = Callable[[Mapping[str, Any]], None]
Callbacks = Callable[[UUID], Awaitable[None]]


class Executor:
    """The work of one process.

    `report` tells the supervisor what runs, and for how long; `callbacks` sends one.
    """

    def __init__(self, report: Report, callbacks: Callbacks) -> None:
        self._name = str(identity())
        self.bodies = Bodies()
        self._report = report
        self._callbacks = callbacks
        self._database = ThreadPoolExecutor(DATABASE_THREADS, "database")
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = asyncio.Event()
        self._queue = JobQueue([])

    async def run(self) -> None:
        """Fetch and run until told to drain; then finish what is under way."""
        self._queue = JobQueue(await self._publish())
        while not self._draining.is_set():
            try:
                parameters = await self.in_database(connection_parameters)
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

    async def in_database(self, act: Callable[..., Any], *given: Any) -> Any:
        """Run in a database thread, again and again while the database is away."""
        loop, deadline, pause = asyncio.get_running_loop(), monotonic() + PATIENCE, 0.1
        while True:
            try:
                return await loop.run_in_executor(self._database, _guard, act, *given)
            except (OperationalError, InterfaceError) as error:
                if monotonic() > deadline:
                    raise
                log.warning("The database is away: %s", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def claimant(self, granted: Granted) -> Claimant | None:
        """How this process takes the run's next call with it; not while it drains."""
        workflow = registry.find_workflow(granted.workflow)
        if workflow is None or self._draining.is_set():
            return None
        return Claimant(self._name, workflow.steps)

    def begin(self, granted: Granted) -> None:
        start = granted.start
        limits = {"limit": start.limit, "run_limit": start.run_limit}
        self._report({"kind": "begin", **_name(granted), **limits})

    def end(self, granted: Granted) -> None:
        self._report({"kind": "end", **_name(granted)})

    async def _publish(self) -> list[str]:
        """Offer every workflow that there is code for."""
        names = []
        for workflow in load_workflows():
            try:
                await self.in_database(publish, workflow.definition)
            except DatabaseError as error:
                log.error("Left out workflow %s: %s", workflow.name, error)
            else:
                names += entrypoints(workflow.definition)
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
        if isinstance(work, CallbackJob):
            await self._callbacks(work.callback_id)
            return
        granted = await self.in_database(_claim, work, self._name)
        while granted is not None:  # its completion may grant the next call of the run
            granted = await RunningAttempt(self, granted).finish()


def _claim(job: StepJob, worker: str) -> Granted | None:
    try:
        return Granted.find(apply(job.run_id, CallClaimed(job.call, worker)))
    except RunNotFoundError:
        return None


def _guard(act: Callable[..., Any], *given: Any) -> Any:
    """Keep the thread's connection, unless it broke."""
    try:
        return act(*given)
    except (OperationalError, InterfaceError):
        connection.close()
        raise


def _name(granted: Granted) -> dict[str, Any]:
    call = granted.start.call
    return {"run": str(granted.run_id), "call": call.number, "attempt": call.attempt}


def _reporter(fd: int) -> Report:
    """Lines of JSON to the supervisor; each is one write, shorter than a pipe's atom."""

    def report(line: Mapping[str, Any]) -> None:
        try:
            os.write(fd, json.dumps(line).encode() + b"\n")
        except BrokenPipeError:
            os._exit(1)  # the supervisor is gone, and the kernel is about to end us

    return report


async def serve(report_fd: int, callbacks: Callbacks) -> None:
    """The main loop of an executor process."""
    executor = Executor(_reporter(report_fd), callbacks)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, executor.drain)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the supervisor decides
    await executor.run()
