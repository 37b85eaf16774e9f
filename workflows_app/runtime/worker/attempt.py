"""One attempt of a call: its body, its limits, what it streams, how it is committed."""

import asyncio
import logging
from time import monotonic

from workflows_app.engine.body import Ended, failure
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    RequestExpiredError,
    RunFinishedError,
    RunNotFoundError,
    StateConflictError,
    UnknownRequestError,
)
from workflows_app.engine.ticks import CallLost, StepCompleted, Tick, VoteCast
from workflows_app.runtime.transition import Applied

from .attempt_watch import AttemptWatch
from .database import AWAY
from .execute import BodyLost, Granted, Host, RunningBody
from .outbox import Outbox

log = logging.getLogger(__name__)

MUTATIONS = 100
"""How often mutations are made anew because others were faster, before it fails."""

ANSWERED = (
    AlreadyAnsweredError,
    RequestExpiredError,
    RunFinishedError,
    UnknownRequestError,
)
"""Refusals of an input handler's answer that mean: somebody else was faster."""


class RunningAttempt:
    """Runs the body and tells the run what became of it, within the limits."""

    def __init__(self, host: Host, granted: Granted) -> None:
        self.granted = granted
        self._host = host
        self._call = granted.start.call
        self.watch = AttemptWatch(host, granted, self._apply)
        self._outbox = Outbox(
            self._call, self._apply, self.watch.wait, self.watch.go_on
        )
        self._body: RunningBody | None = None

    async def finish(self) -> Granted | None:
        """Run to the end and commit; the next attempt of the run, if one was granted."""
        self._body = body = self._host.start(self.granted, self._outbox, self._begun)
        if self.granted.is_isolated:
            self.watch.wait(monotonic(), None)  # its process takes a moment to be there
        try:
            ended = await self.watch.until_end(body, body.outcome)
            if ended is None:
                await self._stop(body)
                return None
            self._host.report("done", self.granted)
            return await self._commit(body, ended)
        except BodyLost as lost:
            await self._lose(lost)
            return None
        finally:
            body.close()

    def look(self) -> None:
        """To be called a few times a second."""
        if self._body is not None:
            self.watch.look_at_loop(self._body)

    def _begun(self) -> None:
        self.watch.go_on(monotonic())

    async def _stop(self, body: RunningBody) -> None:
        """Ask the body to stop. While it does not, nobody says that it ended.

        If it comes to its end all the same, the log says that this did not count. For
        a body that cannot even hear it, because of another one, nobody waits.
        """
        self._host.report("cut", self.granted)
        body.cancel()
        if body.is_stalled:
            return
        waiter = asyncio.wrap_future(body.outcome)
        await asyncio.wait({waiter})
        if waiter.cancelled() or waiter.exception() is not None:
            return
        tick = waiter.result().tick
        if isinstance(tick, StepCompleted):
            await self._apply(tick)

    async def _lose(self, lost: BodyLost) -> None:
        """The process of the body is gone: at once the call can be done again."""
        log.warning("Step %s of run %s: %s", self._call.step, self.granted.run_id, lost)
        await self._outbox.flush()
        await self._apply(CallLost(self._call.number, self._call.attempt))

    # The commit

    async def _commit(self, body: RunningBody, ended: Ended) -> Granted | None:
        """Commit what the step did; what cannot be committed is the step's failure."""
        try:
            await self._outbox.flush()
            if ended.vote is not None:
                await self._vote(ended.vote)
            applied = await self._complete(body, ended.tick)
        except (*AWAY, RunNotFoundError, BodyLost):
            raise
        except Exception as error:  # noqa: BLE001 - made of somebody else's values
            applied = await self._fail(error)
        return Granted.find(applied)

    async def _complete(self, body: RunningBody, tick: Tick) -> Applied:
        """Mutations of values that others changed meanwhile are made anew."""
        for _ in range(MUTATIONS):
            applied = await self._apply(tick, claims=True)
            if not applied.stale or not isinstance(tick, StepCompleted):
                return applied
            again = await self.watch.until_end(body, body.redo(tick, applied.stale))
            if again is None:
                return applied  # too late: the attempt does not count any more
            tick = again.tick
        raise StateConflictError(
            f"Other steps changed {', '.join(applied.stale)} each of {MUTATIONS} times.",
            list(applied.stale),
        )

    async def _vote(self, vote: VoteCast) -> None:
        """The answer of the input handler, through the door of every answer (R21)."""
        try:
            await self._apply(vote)
        except ANSWERED as refusal:
            log.info("An input handler's answer came too late: %s", refusal)

    async def _fail(self, error: Exception) -> Applied:
        workflow, attempt = self.granted.find_workflow(), self.granted.attempt
        return await self._apply(failure(workflow, attempt, error), claims=True)

    async def _apply(self, tick: Tick, *, claims: bool = False) -> Applied:
        return await self._host.apply(self.granted, tick, claims=claims)
