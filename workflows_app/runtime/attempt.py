"""One attempt of a call: its body, its limits, what it streams, how it is committed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import Any, Protocol

from django.db import InterfaceError, OperationalError

from workflows_app.engine.context import Context
from workflows_app.engine.errors import RunNotFoundError
from workflows_app.engine.state import EventRecord
from workflows_app.engine.ticks import (
    RunTimedOut,
    StepTimedOut,
    StreamWritten,
    Tick,
)

from .execute import Bodies, Granted, Outcome, failure
from .transition import Applied, Claimant, apply

STREAM_PAUSE = 0.05
STREAM_LINES = 100
"""Written lines are stored together, after this time or this many (design.md 3)."""

SLACK = 0.01
"""Seconds after a run's limit at which it is told: the database's clock decides."""


class Host(Protocol):
    """What an attempt needs of its executor."""

    bodies: Bodies

    async def in_database(self, act: Callable[..., Any], *given: Any) -> Any: ...

    def claimant(self, granted: Granted) -> Claimant | None: ...

    def begin(self, granted: Granted) -> None: ...

    def end(self, granted: Granted) -> None: ...


class RunningAttempt:
    """Runs the body and tells the run what became of it, within the limits."""

    def __init__(self, host: Host, granted: Granted) -> None:
        self._host = host
        self._granted = granted
        self._call = granted.start.call
        self._loop = asyncio.get_running_loop()
        self._written: list[EventRecord] = []
        self._flush: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    async def finish(self) -> Granted | None:
        """Run to the end and commit; the next attempt of the run, if one was granted."""
        self._host.begin(self._granted)
        try:
            return await self._run()
        finally:  # whatever happened here, nobody must hold the lease for us any more
            self._host.end(self._granted)

    async def _run(self) -> Granted | None:
        began = monotonic()
        context, body = self._host.bodies.start(self._granted, self._write)
        outcome = asyncio.wrap_future(body)
        await asyncio.wait({outcome}, timeout=self._time_limit())
        if not outcome.done():
            await self._cut(context, body, monotonic() - began)
            return None
        await self._flush_now()
        return Granted.find(await self._commit(outcome.result()))

    def _time_limit(self) -> float | None:
        start = self._granted.start
        run_limit = None if start.run_limit is None else start.run_limit + SLACK
        limits = [x for x in (start.limit, run_limit) if x is not None]
        return min(limits, default=None)

    async def _cut(
        self, context: Context, body: "Future[Outcome]", elapsed: float
    ) -> None:
        """Fence the attempt first, so that the run goes on; then ask the body to stop.

        While it does not, nobody says that it ended, and the supervisor acts.
        """
        await self._host.in_database(apply, self._granted.run_id, self._late(elapsed))
        context.cancel()
        body.cancel()
        await asyncio.wait({asyncio.wrap_future(body)})
        await self._host.bodies.breathe()  # a cancelled future says nothing of its loop

    def _late(self, elapsed: float) -> Tick:
        limit = self._granted.start.limit
        if limit is None or elapsed < limit:
            return RunTimedOut()
        return StepTimedOut(self._call.number, self._call.attempt, limit, elapsed)

    async def _commit(self, outcome: Outcome) -> Applied:
        """Commit what the step did; what cannot be committed is the step's failure."""
        try:
            return await self._apply(outcome)
        except (OperationalError, InterfaceError, RunNotFoundError):
            raise
        except Exception as error:  # noqa: BLE001 - made of somebody else's values
            return await self._apply(failure(self._granted, error))

    async def _apply(self, tick: Tick) -> Applied:
        applied: Applied = await self._host.in_database(
            partial(apply, claimant=self._host.claimant(self._granted)),
            self._granted.run_id,
            tick,
        )
        return applied

    def _write(self, record: EventRecord) -> None:
        """Called from the body's thread: hand the line over to the main loop."""
        self._loop.call_soon_threadsafe(self._collect, record)

    def _collect(self, record: EventRecord) -> None:
        self._written.append(record)
        if len(self._written) >= STREAM_LINES:
            self._hurry.set()
        if self._flush is None:
            self._flush = self._loop.create_task(self._flush_all())

    async def _flush_all(self) -> None:
        """Store what is written, some of it at a time, in order, until nothing is left."""
        while self._written:
            try:
                async with asyncio.timeout(STREAM_PAUSE):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._hurry.clear()
            await self._store()
        self._flush = None

    async def _flush_now(self) -> None:
        await asyncio.sleep(0)  # what the body handed over last
        while self._flush is not None:
            self._hurry.set()
            await self._flush

    async def _store(self) -> None:
        lines, self._written = tuple(self._written), []
        if lines:
            tick = StreamWritten(self._call.number, self._call.attempt, lines)
            await self._host.in_database(apply, self._granted.run_id, tick)
