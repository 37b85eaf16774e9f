"""Async bodies on a loop that they share, and what happens when one of them blocks it."""

import asyncio
from collections.abc import Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock, Thread
from typing import Any
from weakref import WeakKeyDictionary

from workflows_app.engine.body import Body, Ended
from workflows_app.engine.context import Cut

from .local_body import LocalBody


class BodyLoop:
    """A loop in a thread of its own. It is made, asked and looked at from elsewhere."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_task_factory(self._make_task)
        self.is_blocked = False
        self.bodies: set[LoopBody] = set()
        self._owners: WeakKeyDictionary[asyncio.Task[Any], LoopBody] = (
            WeakKeyDictionary()
        )
        self._has_turned = True
        Thread(target=self._run, name="steps", daemon=True).start()

    def begin(self, body: "LoopBody", doing: Coroutine[Any, Any, Ended]) -> None:
        """Called on the loop."""
        body.task = self.loop.create_task(doing)
        self._owners[body.task] = body
        body.task.add_done_callback(body.end)

    def look(self) -> None:
        """Ask the loop for a turn; what it did not give since the last look is blocked."""
        if self._has_turned:
            self._has_turned = False
            self.loop.call_soon_threadsafe(self.turn)
            return
        self.is_blocked = True
        culprit = self._find_culprit()
        for body in list(self.bodies):
            body.is_stalled = culprit is not None and body is not culprit

    def turn(self) -> None:
        """Called on the loop, so it turns."""
        self._has_turned = True
        if self.is_blocked:
            self.is_blocked = False
            for body in list(self.bodies):
                body.is_stalled = False

    def _find_culprit(self) -> "LoopBody | None":
        """The body whose task has the loop now, and does not give it back."""
        task = asyncio.current_task(self.loop)
        return None if task is None else self._owners.get(task)

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        doing: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,
    ) -> "asyncio.Task[Any]":
        """The tasks that a body makes are its own, too."""
        task = asyncio.Task(doing, loop=loop, **options)
        maker = asyncio.current_task(loop)
        owner = None if maker is None else self._owners.get(maker)
        if owner is not None:
            self._owners[task] = owner
        return task

    def _run(self) -> None:
        """For ever: `sys.exit` in a task of one body is no end for the others."""
        while True:
            try:
                self.loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                continue


class LoopBody(LocalBody):
    """An async body on a loop; until it begins it can be moved to another.

    `is_stalled`: another body blocks the loop, so this one can do nothing.
    """

    def __init__(self, body: Body, threads: ThreadPoolExecutor) -> None:
        super().__init__(body, threads)
        self.outcome: Future[Ended] = Future()
        self.task: asyncio.Task[Ended] | None = None
        self.is_stalled = False

    @property
    def has_begun(self) -> bool:
        return self._ticket.locked()

    def offer(self, place: BodyLoop) -> None:
        """Let it begin there as soon as the loop turns."""
        self._place, self._ticket = place, Lock()
        place.loop.call_soon_threadsafe(self._begin, place, self._ticket)

    def withdraw(self) -> bool:
        """Whether it has not begun, and never will where it was offered."""
        if not self._ticket.acquire(blocking=False):
            return False
        self._place.is_blocked = True
        return True

    def cancel(self) -> None:
        self._body.context.cancel()
        if self._ticket.acquire(blocking=False):
            self.outcome.cancel()
        else:
            self._place.loop.call_soon_threadsafe(self._cancel)

    def end(self, task: "asyncio.Task[Ended]") -> None:
        self._place.bodies.discard(self)
        error = Cut() if task.cancelled() else task.exception()
        if error is None:
            self.outcome.set_result(task.result())
        else:
            self.outcome.set_exception(error)

    def _begin(self, place: BodyLoop, ticket: Lock) -> None:
        place.turn()
        if ticket.acquire(blocking=False):
            self.outcome.set_running_or_notify_cancel()
            place.bodies.add(self)
            place.begin(self, self._body.run_async())

    def _cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()
