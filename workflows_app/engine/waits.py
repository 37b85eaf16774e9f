"""`ctx.waiting`: the waits for people that a body is in, and its time without them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from threading import Lock
from time import monotonic
from typing import Protocol

from .seconds import check_seconds
from .stopwatch import Stopwatch


class WaitLink(Protocol):
    """Who is told: a wait that begins takes the place of one that is under way."""

    def wait_begins(self, reason: str, limit: float | None) -> None: ...

    def wait_ends(self) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Wait:
    reason: str
    limit: float | None
    due: float


class Waits:
    """Usually there is one wait; several tasks of a body may each have their own.

    The body waits as long as one of them does, and the one with the nearest limit is
    what others see.
    """

    def __init__(self, link: WaitLink, now: float) -> None:
        self._link = link
        self._watch = Stopwatch(now)
        self._open: list[_Wait] = []
        self._shown: _Wait | None = None
        self._lock = Lock()

    def worked(self) -> float:
        """Seconds of work until now, waits left out."""
        return self._watch.worked(monotonic())

    @contextmanager
    def wait(self, reason: str, limit: float | None) -> Iterator[None]:
        if limit is not None:
            limit = check_seconds(limit, "limit of a wait")
        wait = _Wait(reason, limit, inf if limit is None else monotonic() + limit)
        with self._lock:
            self._open.append(wait)
            self._tell(monotonic())
        try:
            yield
        finally:
            with self._lock:
                self._open.remove(wait)
                self._tell(monotonic())

    def _tell(self, now: float) -> None:
        nearest = min(self._open, key=lambda wait: wait.due, default=None)
        if nearest is self._shown:
            return
        self._shown = nearest
        if nearest is None:
            self._watch.go_on(now)
            self._link.wait_ends()
            return
        self._watch.pause(now)
        is_new = nearest is self._open[-1]
        left = None if nearest.limit is None else max(0.0, nearest.due - now)
        self._link.wait_begins(nearest.reason, nearest.limit if is_new else left)
