"""A body in a thread of this process, and what all bodies of this process share."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connections

from workflows_app.engine.body import Body, Ended
from workflows_app.engine.run_state import Stored
from workflows_app.engine.ticks import StepCompleted


class LocalBody:
    """Its mutations are made again in a thread."""

    def __init__(self, body: Body, threads: ThreadPoolExecutor) -> None:
        self._body = body
        self._threads = threads

    def redo(self, done: StepCompleted, fresh: Mapping[str, Stored]) -> "Future[Ended]":
        return self._threads.submit(_in_thread, lambda: self._body.redo(done, fresh))

    def close(self) -> None:
        """Its thread or its loop is free already."""


class ThreadBody(LocalBody):
    """A sync body in a thread."""

    has_begun = True
    is_stalled = False

    def __init__(self, body: Body, threads: ThreadPoolExecutor) -> None:
        super().__init__(body, threads)
        self.outcome: Future[Ended] = threads.submit(_in_thread, body.run)

    def cancel(self) -> None:
        self._body.context.cancel()
        self.outcome.cancel()  # if no thread has taken it yet


def _in_thread(act: Callable[[], Ended]) -> Ended:
    """Leave no database connection of the body's behind in a thread."""
    try:
        return act()
    finally:
        connections.close_all()
