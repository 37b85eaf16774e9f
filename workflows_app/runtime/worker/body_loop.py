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

    def begin(self, body: "LoopBody", doing: Coroutine[Any, Any, Ended | None]) -> None:
        """Called on the loop. The task has its first turn after others that are due."""
        task = self.loop.create_task(doing)
        self._owners[task] = body
        task.add_done_callback(body.end)

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
        self._task: asyncio.Task[Any] | None = None
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

    def end(self, task: "asyncio.Task[Ended | None]") -> None:
        """Tell what became of it; a task that found it moved away has nothing to tell."""
        error = Cut() if task.cancelled() else task.exception()
        ended = task.result() if error is None else None
        if error is not None:
            self.outcome.set_exception(error)
        elif ended is not None:
            self.outcome.set_result(ended)

    def _begin(self, place: BodyLoop, ticket: Lock) -> None:
        place.turn()
        if not ticket.locked():
            place.begin(self, self._run(place, ticket))

    async def _run(self, place: BodyLoop, ticket: Lock) -> Ended | None:
        """The ticket is taken by the task itself: one that began just before may block."""
        if not ticket.acquire(blocking=False):
            return None
        self.outcome.set_running_or_notify_cancel()
        self._task = asyncio.current_task()
        place.bodies.add(self)
        try:
            return await self._body.run_async()
        finally:
            place.bodies.discard(self)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
