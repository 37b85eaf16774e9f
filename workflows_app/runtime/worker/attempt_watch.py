"""Waiting for a body within the limits of its attempt, and noticing what ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from math import inf
from random import random
from time import monotonic

from workflows_app.engine.body import Ended
from workflows_app.engine.ticks import CallLost, RunTimedOut, StepTimedOut, Tick
from workflows_app.runtime.transition import Applied

from .clock import AttemptClock, Late
from .execute import BREATH, Granted, Host, RunningBody
from .outbox import holds

STALLED = 5.0
"""Seconds for which a body may be kept from working by another on its loop; then it is
done again elsewhere, through no fault of its own."""


class AttemptWatch:
    """Knows whether the attempt still counts.

    An attempt that is given up is fenced in the database first, so that the run goes
    on, whatever its body does then.
    """

    def __init__(
        self,
        host: Host,
        granted: Granted,
        apply: Callable[[Tick], Awaitable[Applied]],
    ) -> None:
        self.is_fenced = False
        self._host = host
        self._granted = granted
        self._call = granted.start.call
        self._apply = apply
        self._clock = AttemptClock(granted.limits, monotonic())
        self._stirred = asyncio.Event()
        self._stalled_at = inf

    async def until_end(
        self, body: RunningBody, outcome: "Future[Ended]"
    ) -> Ended | None:
        """What it ended with; None: it was too slow, or nobody wants it any more."""
        waiter = asyncio.wrap_future(outcome)
        waiter.add_done_callback(self._stir)
        while not waiter.done() and not self.is_fenced:
            await self._rest(body)
            if not waiter.done():
                await self._look(body)
        return None if self.is_fenced else waiter.result()

    def fence(self) -> None:
        """Somebody has given this attempt up."""
        self.is_fenced = True
        self._stirred.set()

    def learn(self, applied: Applied) -> None:
        """The run has moved; what this attempt may still do depends on it."""
        if applied.at <= self._granted.at:
            return  # it tells of a moment before this attempt
        left = self._granted.active_left(applied)
        if not holds(applied.state, self._call):
            self.fence()
        elif left is not None:
            self._clock.learn_active(monotonic(), left)

    # The clock

    def wait(self, now: float, limit: float | None) -> None:
        self._clock.wait(now, limit)
        self._host.report("wait", self._granted, limit=limit)
        self._stirred.set()

    def go_on(self, now: float) -> None:
        self._clock.go_on(now)
        self._host.report("go", self._granted)
        self._stirred.set()

    def look_at_loop(self, body: RunningBody) -> None:
        """Notice whether another body keeps this one from working."""
        now = monotonic()
        if body.is_stalled and self._clock.stall(now):
            self._stalled_at = now
            self._host.report("stall", self._granted)
            self._stirred.set()
        elif not body.is_stalled and self._clock.unstall(now):
            self._stalled_at = inf
            self._host.report("unstall", self._granted)
            self._stirred.set()

    async def _rest(self, body: RunningBody) -> None:
        """Until something happens, or may have to happen."""
        now = monotonic()
        left = self._clock.left(now)
        seconds = min(
            inf if left is None else left,
            inf if body.has_begun else BREATH,
            self._stalled_at + STALLED - now,
        )
        try:
            async with asyncio.timeout(None if seconds == inf else max(0.0, seconds)):
                await self._stirred.wait()
        except TimeoutError:
            pass
        self._stirred.clear()

    async def _look(self, body: RunningBody) -> None:
        now = monotonic()
        if not body.has_begun:
            self._host.rescue(body)
        late = self._clock.late(now)
        if late is not None:
            await self._end_late(late)
        elif now >= self._stalled_at + STALLED:
            number, attempt = self._call.number, self._call.attempt
            await self._apply(CallLost(number, attempt, counts=False))
            self.fence()

    async def _end_late(self, late: Late) -> None:
        """Of the run's limit the database is sure, and this process is not."""
        if late == "run":
            applied = await self._apply(RunTimedOut())
            if not applied.state.is_finished:
                left = self._granted.active_left(applied)
                self._clock.look_again(monotonic(), left)
            return
        limit, elapsed = self._clock.limit(), self._clock.elapsed(monotonic())
        chance = random()  # noqa: S311 - jitter
        await self._apply(
            StepTimedOut(self._call.number, self._call.attempt, limit, elapsed, chance)
        )
        self.fence()

    def _stir(self, waiter: "asyncio.Future[Ended]") -> None:
        if not waiter.cancelled():
            waiter.exception()  # of a fenced attempt nobody asks for it
        self._stirred.set()
