"""Steps that block on a person: what happens while they wait."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from .queue import Queue


@dataclass(frozen=True, slots=True)
class Wait:
    """What a step says in `ctx.waiting(reason, limit)`, and how the run is shown then.

    `queue` is what the step has asked with `ApprovalQueue`.
    """

    reason: str
    limit: float | None
    status: str
    queue: Queue
    _cut: Callable[[], None]

    def run_out(self) -> None:
        """Let the limit pass: the step is cut, as a worker would cut it."""
        self._cut()


Meanwhile = Callable[[Wait], Any]
"""What people do while a step waits for them; called in a thread of its own."""


class Waiting:
    """The wait that a body is in, and the person who acts meanwhile."""

    def __init__(self, meanwhile: Meanwhile | None) -> None:
        self._meanwhile = meanwhile
        self._thread = ThreadPoolExecutor(1)
        self._acting: Future[Any] | None = None

    def begin(self, wait: Wait, give_up: Callable[[], None]) -> None:
        """Let people act; if that goes wrong, nobody must wait for them."""
        if self._meanwhile is None:
            return

        def act(meanwhile: Meanwhile = self._meanwhile) -> None:
            try:
                meanwhile(wait)
            except BaseException:
                give_up()
                raise

        here = copy_context()
        self._acting = self._thread.submit(here.run, act)

    def end(self) -> None:
        """They have acted; raises what went wrong with that."""
        acting, self._acting = self._acting, None
        if acting is not None:
            acting.result()
