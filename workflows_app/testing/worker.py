"""The worker of a play: does every step that is ready, at once, one after another."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass

from workflows_app.engine.body import Body, Ended
from workflows_app.engine.context import Attempt, Cut
from workflows_app.engine.errors import EngineError, RunFinishedError
from workflows_app.engine.runner import using
from workflows_app.engine.session import Sessions
from workflows_app.engine.state import Call, EventRecord
from workflows_app.engine.ticks import (
    CallClaimed,
    CallLost,
    StepCompleted,
    StepRemembered,
    StepTimedOut,
    StepWaited,
    StreamWritten,
    Tick,
)

from .crashes import plan
from .memory import Memory, MemoryRun, Moved
from .queue import BodyRunner, Queue
from .waits import Meanwhile, Wait, Waiting

Fate = Callable[[Call], Tick]
"""What happens to the next attempt of a step instead of its body."""


class Worker:
    """Claims, runs bodies, commits; dies when the plan of the story says so."""

    def __init__(self, memory: Memory, meanwhile: Meanwhile | None = None) -> None:
        self.memory = memory
        self.waiting = Waiting(meanwhile)
        self.queue = Queue()
        self.fates: dict[str, list[Fate]] = {}
        self._sessions = Sessions()
        self._lives = 0
        self.resting = False

    def send(self, run: MemoryRun, tick: Tick) -> Moved:
        """Apply a tick; afterwards everything may be killed, which loses no tick."""
        try:
            return self.memory.apply(run, tick)
        finally:
            self._crash_if_planned("after", tick)

    def send_from_body(self, run: MemoryRun, tick: Tick) -> Moved:
        """The same; but the body's process may also be killed before the commit."""
        if self._crash_if_planned("before", tick):
            return Moved()
        return self.send(run, tick)

    def work(self) -> None:
        """Until nothing is ready any more, and nobody has anything to tell."""
        while not self.resting and (self._hear() or self._run_next()):
            pass

    def work_at_once(self) -> None:
        """All that is ready begins before any of it ends; then as usual."""
        while self._hear():
            pass
        ends = [self._begin(run, call) for run, call in self._ready()]
        for end in ends:
            end()
        self.work()

    def crash(self) -> None:
        """Kill all processes; then new ones find what was running, and run it again."""
        self._lives += 1
        self._sessions = Sessions()
        for run in self.memory.runs:
            run.forget()
            for call in run.state.running:
                self.memory.apply(run, CallLost(call.number, call.attempt))

    def _crash_if_planned(self, when: str, tick: Tick) -> bool:
        crash = plan.get()
        if crash is None or not crash.is_now(when, tick):
            return False
        self.crash()
        return True

    def _hear(self) -> bool:
        news = self.memory.next_news()
        if news is None:
            return False
        run, tick = news
        self.memory.heard()  # in the same transaction as what follows from it
        with suppress(RunFinishedError):  # it ended before it could hear
            self.send(run, tick)
        return True

    def _run_next(self) -> bool:
        ready = next(self._ready(), None)
        if ready is not None:
            self._begin(*ready)()
        return ready is not None

    def _ready(self) -> Iterator[tuple[MemoryRun, Call]]:
        for run in list(self.memory.runs):
            for call in list(run.state.calls.values()):
                if call.phase == "ready":
                    yield run, call

    def _begin(self, run: MemoryRun, ready: Call) -> Callable[[], None]:
        """Run a body; what commits that which it did, unless its process has died."""
        life = self._lives
        granted = self.send(run, CallClaimed(ready.number, "play")).granted
        if granted is None or life != self._lives:
            return _nothing
        fates = self.fates.get(ready.step)
        if fates:
            self.send(run, fates.pop(0)(granted.call))
            return _nothing
        attempt = Attempt(
            run_id=run.run_id,
            workflow_name=run.workflow.name,
            start=granted,
            stored=dict(run.stored),
            at=self.memory.now,
        )
        link = _Link(self, run, granted.call, life)
        body = Body(run.workflow, attempt, link, self._sessions)
        link.give_up = body.context.cancel
        with using(BodyRunner(self.queue)):
            ended = _in_own_loop(body) if body.is_async else body.run()
        return lambda: self._commit(run, body, ended) if self.is_alive(life) else None

    def _commit(self, run: MemoryRun, body: Body, ended: Ended) -> None:
        """As the real executor: mutations are made again, what cannot be is a failure."""
        life = self._lives
        if ended.vote is not None:
            with suppress(EngineError):  # a person was faster, or it does not fit
                self.send(run, ended.vote)
        try:
            while life == self._lives:
                moved = self.send_from_body(run, ended.tick)
                if not moved.stale or not isinstance(ended.tick, StepCompleted):
                    return
                ended = body.redo(ended.tick, moved.stale)
        except EngineError as error:
            self.send(run, body.failed(error, is_final=True))

    def is_alive(self, life: int) -> bool:
        return life == self._lives


@dataclass(slots=True)
class _Link:
    """What a body says goes straight into the run, if its process still lives."""

    worker: Worker
    run: MemoryRun
    call: Call
    life: int
    give_up: Callable[[], None] = lambda: None

    def write(self, record: EventRecord) -> None:
        self._send(StreamWritten(self.call.number, self.call.attempt, (record,)))

    def remember(self, key: str, text: str) -> None:
        self._send(StepRemembered(self.call.number, self.call.attempt, key, text))

    async def remember_async(self, key: str, text: str) -> None:
        self.remember(key, text)

    def wait_begins(self, reason: str, limit: float | None) -> None:
        self._send(StepWaited(self.call.number, self.call.attempt, reason))
        queue, status = self.worker.queue, self.run.state.status
        queue.cut(False)
        wait = Wait(reason, limit, status, queue, lambda: self._run_out(limit))
        self.worker.waiting.begin(wait, self._stop)

    def wait_ends(self) -> None:
        self.worker.waiting.end()
        self._send(StepWaited(self.call.number, self.call.attempt))

    def _run_out(self, limit: float | None) -> None:
        seconds = limit or 0.0
        number, attempt = self.call.number, self.call.attempt
        self._send(StepTimedOut(number, attempt, seconds, seconds))
        self._stop()

    def _stop(self) -> None:
        """Nobody will come any more."""
        self.give_up()
        self.worker.queue.cut(True)

    def _send(self, tick: Tick) -> None:
        """A killed process does nothing more: its body ends where it stands."""
        if self.worker.is_alive(self.life):
            self.worker.send_from_body(self.run, tick)
        if not self.worker.is_alive(self.life):
            raise Cut


def _in_own_loop(body: Body) -> Ended:
    """In a thread of its own, because the test may run in a loop."""
    here = copy_context()  # the plan of the story counts there, too
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(here.run, asyncio.run, body.run_async()).result()


def _nothing() -> None:
    """There is nothing to commit."""
