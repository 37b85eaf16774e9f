"""Durable round trips through a real worker: start, wait for the question, answer."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.flows import round_trip
from workflows_app.models import Run
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.stream.wakeup import CHANNEL, connection_parameters

THREADS = 4
"""As many as start and answer at the same time; more only wait for this process."""

threads = ThreadPoolExecutor(THREADS, "driver")
"""For the whole benchmark: each of them keeps its database connection."""

PATIENCE = 30.0
STATUSES = f"SELECT id, status FROM {Run._meta.db_table} WHERE id = ANY(%s)"  # noqa: S608, SLF001 - our own name


@dataclass
class Trips:
    """What was done in so many seconds; `answer_ms` from the answer to the end.

    `after` counts what was under way when they were over.
    """

    seconds: float = 0.0
    done: int = 0
    after: int = 0
    answer_ms: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def p50(self) -> float:
        return median(self.answer_ms)


class Watcher:
    """Hears of runs that changed, and says what has become of them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.execute(f"LISTEN {CHANNEL}")

    def look(self, known: Callable[[], list[UUID]]) -> list[tuple[UUID, str]]:
        """Wait for news of any run; after a second without, look at all known ones."""
        notes = self._connection.notifies(timeout=1.0, stop_after=1)
        topics = {note.payload for note in notes}
        ids = [UUID(t.removeprefix("run:")) for t in topics if t.startswith("run:")]
        if not topics:
            ids = known()
        if not ids:
            return []
        return self._connection.execute(STATUSES, [ids], prepare=True).fetchall()


@contextmanager
def watching() -> Iterator[Watcher]:
    with psycopg.connect(**connection_parameters(), autocommit=True) as connection:
        yield Watcher(connection)


class Driver:
    """Keeps a number of round trips going, each answered as soon as it asks."""

    def __init__(
        self, watcher: Watcher, at_once: int, fields: Mapping[str, Any]
    ) -> None:
        self._watcher = watcher
        self._at_once = at_once
        self._fields = dict(fields)
        self._acts: list[Future[None]] = []
        self._lock = Lock()
        self._under_way: set[UUID] = set()
        self._over: set[UUID] = set()
        self._answered: dict[UUID, float] = {}

    def drive(self, seconds: float) -> Trips:
        """Go on for so long, and for one round trip at least.

        What is under way then is finished, but not counted.
        """
        trips = Trips()
        began = monotonic()
        for _ in range(self._at_once):
            self._act(self._start)
        while (now := monotonic()) < began + seconds or not trips.done:
            if now > began + seconds + PATIENCE:
                raise TimeoutError("Not a single run has ended.")
            self._take_news(trips, again=True)
        trips.seconds = now - began
        trips.after = self._finish(now + PATIENCE)
        return trips

    def _finish(self, deadline: float) -> int:
        """Let everything end, so that the next measurement begins in silence."""
        late = Trips()
        while self._is_busy():
            if monotonic() > deadline:
                raise TimeoutError(f"{len(self._under_way)} runs have not ended.")
            self._take_news(late, again=False)
        return late.done

    def _is_busy(self) -> bool:
        """Raises what a start or an answer has raised."""
        waiting = [act for act in self._acts if not act.done()]
        for act in self._acts:
            if act.done():
                act.result()
        self._acts = waiting
        with self._lock:
            return bool(waiting or self._under_way)

    def _take_news(self, trips: Trips, *, again: bool) -> None:
        for run_id, status in self._watcher.look(self._known):
            if status == "waiting" and run_id not in self._answered:
                self._answered[run_id] = monotonic()
                self._act(self._answer, run_id)
            elif status == "completed" and run_id not in self._over:
                self._end(run_id)
                trips.done += 1
                trips.answer_ms.append((monotonic() - self._answered[run_id]) * 1000)
                if again:
                    self._act(self._start)

    def _act(self, act: Callable[..., None], *given: Any) -> None:
        self._acts.append(threads.submit(act, *given))

    def _known(self) -> list[UUID]:
        self._is_busy()
        with self._lock:
            return list(self._under_way)

    def _start(self) -> None:
        run_id = start_run(self._fields)
        with self._lock:
            if run_id not in self._over:  # its end may be known before its beginning
                self._under_way.add(run_id)

    def _end(self, run_id: UUID) -> None:
        with self._lock:
            self._over.add(run_id)
            self._under_way.discard(run_id)

    def _answer(self, run_id: UUID) -> None:
        self._answered[run_id] = monotonic()
        Handler(run_id).respond("approve", Answer(value="yes", door="api"))


def start_run(fields: Mapping[str, Any]) -> UUID:
    definition = round_trip.definition
    return start(definition, Start(event=start_event(definition, fields)))


def drive(at_once: int, seconds: float, **fields: Any) -> Trips:
    """Round trips, `at_once` at a time, for so many seconds."""
    with watching() as watcher:
        return Driver(watcher, at_once, fields).drive(seconds)


def open_requests(number: int) -> None:
    """Start so many runs and wait until each waits for a person."""
    with watching() as watcher:
        started = set(threads.map(lambda _: start_run({}), range(number)))
        deadline = monotonic() + PATIENCE + number / 20
        while started:
            if monotonic() > deadline:
                raise TimeoutError(f"{len(started)} runs have not asked.")
            news = watcher.look(lambda: list(started))
            started.difference_update(pk for pk, status in news if status == "waiting")
