"""What a step gets beside its event: who it is, the run's state, ways to speak."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Protocol, Unpack

from . import collecting, values
from .commands import StartAttempt
from .emission import as_emitted, as_record, as_request
from .errors import DuplicateRequestError
from .events import Event, InputRequestEvent, RequestOptions, origin_of
from .run_state import RunStateView, Stored
from .session import Session
from .state import Buffer, EventRecord, Request
from .ticks import Collected, Emitted
from .waits import WaitLink, Waits


class Link(WaitLink, Protocol):
    """How a body speaks to the run while it works. Called from the body's threads."""

    def write(self, record: EventRecord) -> None:
        """Tell the run's watchers, soon."""

    def remember(self, key: str, text: str) -> None:
        """Returns when it is stored for the attempts after this one."""

    async def remember_async(self, key: str, text: str) -> None:
        """The same, without blocking the loop."""


class Parked(BaseException):
    """Ends an attempt whose question nobody has answered yet; never seen by authors."""

    def __init__(self, key: str, request: Request) -> None:
        self.key = key
        self.request = request
        super().__init__(key)


class Cut(BaseException):
    """Ends an attempt that has been given up, before it does what would not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Which call of which run is running, and what was committed when it began.

    `at` is that moment, by the database's clock.
    """

    run_id: str
    workflow_name: str
    start: StartAttempt
    stored: Mapping[str, Stored]
    at: float = 0.0


class Context:
    """Given to a step as its first argument."""

    def __init__(
        self,
        attempt: Attempt,
        link: Link,
        session: Session,
        load: Callable[[EventRecord], Event],
        *,
        is_async: bool = True,
    ) -> None:
        self._attempt = attempt
        self._call = attempt.start.call
        self._link = link
        self._load = load
        self._is_async = is_async
        self._began = monotonic()
        self._waits = Waits(link, self._began)
        self._cancelled = False
        self._remembered = dict(self._call.remembered)
        self._asked: set[str] = set()
        self._written = 0
        self._buffers: dict[str, Buffer] = {}  # as this attempt leaves them
        self._offered: set[tuple[str, int]] = set()
        self.state = RunStateView(attempt.stored)
        self.session = session
        self.sent: list[Emitted] = []

    @property
    def run_id(self) -> str:
        return self._attempt.run_id

    @property
    def workflow_name(self) -> str:
        return self._attempt.workflow_name

    @property
    def step_name(self) -> str:
        return self._call.step

    @property
    def call_id(self) -> str:
        return f"{self.run_id}/{self._call.number}"

    @property
    def attempt(self) -> int:
        return self._call.attempt

    @property
    def idempotency_key(self) -> str:
        """The same for all attempts of this call: give it to whom you send effects."""
        return self.call_id

    # Time

    @property
    def deadline(self) -> datetime | None:
        """When the run must be over, whatever happens; None when it need not."""
        moment = self._attempt.start.deadline
        return None if moment is None else datetime.fromtimestamp(moment, UTC)

    def time_left(self) -> float | None:
        """Seconds of work until this attempt is cut; None when there is no limit.

        Time in `waiting` does not count, but for the run's deadline.
        """
        start, worked = self._attempt.start, self._waits.worked()
        left = [x - worked for x in (start.limit, start.run_limit) if x is not None]
        if start.deadline is not None:
            passed = monotonic() - self._began
            left.append(start.deadline - self._attempt.at - passed)
        return max(0.0, min(left)) if left else None

    def worked(self) -> float:
        """Seconds for which this attempt has worked, `waiting` left out."""
        return self._waits.worked()

    def cancelled(self) -> bool:
        """Whether this attempt has been given up: then nothing of it will count."""
        return self._cancelled

    def cancel(self) -> None:
        self._cancelled = True

    def waiting(
        self, reason: str, limit: float | None = None
    ) -> AbstractContextManager[None]:
        """`with ctx.waiting("Slack approval"):` for a step that blocks on a person.

        The clocks of the step and of the run stand still, and the run is shown as
        waiting. `limit` is how many seconds this wait may take; then the step is cut.
        """
        return self._waits.wait(reason, limit)

    # State

    def get(self, key: str, default: Any = None) -> Any:
        return self.state.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.state.set(key, value)

    # Events

    def send_event(self, event: Event) -> None:
        """Send an event when this step completes, before what it returns."""
        self.sent += as_emitted([event], self.step_name)

    def write_event_to_stream(self, event: Event) -> int:
        """Tell the run's watchers at once, whether this attempt succeeds or not.

        Returns how many this attempt has written. Numbers in the run's log are given
        when the lines are stored, a moment later.
        """
        self._link.write(as_record(event))
        self._written += 1
        return self._written

    def collect_events(
        self, event: Event, expected: int | Sequence[type[Event]]
    ) -> list[Event] | None:
        """Keep the step's event until there are enough; then all of them, else None.

        `expected` is a number, or the classes that make a set: `[A, B, B]`. Exactly
        one call gets a set: in the order of the classes, then in the order in which
        the events came. What is left over counts for the next set.
        """
        collecting.check_expected(expected)
        record = self._own_record(event)
        if not expected:
            return []
        key = collecting.buffer_key(self.step_name, expected)
        seen = self._attempt.start.buffers.get(key, Buffer())
        buffer = self._buffers.get(key, seen)
        is_new = (key, record.seq) not in self._offered
        offer = collecting.offer(buffer, record if is_new else None, expected)
        self._offered.add((key, record.seq))
        self._buffers[key] = replace(buffer, events=offer.left)
        if offer.taken is None:
            return None
        return [self._load(record) for record in offer.taken]

    @property
    def collected(self) -> tuple[Collected, ...]:
        """What becomes of the buffers when this step completes."""
        return tuple(
            Collected(key, buffer.version, buffer.events)
            for key, buffer in self._buffers.items()
        )

    def _own_record(self, event: Event) -> EventRecord:
        records = self._call.joined or (self._call.event,)
        for record in records:
            if record.seq == origin_of(event).seq:
                return record
        raise ValueError("collect_events takes the event that the step was given.")

    # People

    def request_input(
        self,
        key: str,
        prompt: str = "",
        metadata: Mapping[str, Any] | None = None,
        **options: Unpack[RequestOptions],
    ) -> Awaitable[Any]:
        """`await` the answer of a person. Until it is there, no worker is held.

        Then the body runs again from its top, and this gives the answer. What came
        before it happens again, unless `once` keeps it from that. If nobody answers in
        time, the event of `on_expire` comes in the step's place: the step has ended.
        """
        if not self._is_async:
            raise TypeError("Only an async step can await request_input.")
        if key in self._asked:
            raise DuplicateRequestError(
                f"Step {self.step_name!r} asks {key!r} twice; give each its own key.",
                key,
            )
        self._asked.add(key)
        return self._ask(InputRequestEvent(key, prompt, metadata, **options))

    async def _ask(self, event: InputRequestEvent) -> Any:
        key = str(event.request_id)
        text = self._remembered.get(f"input:{key}")
        if text is not None:
            return values.load(text)
        self._stop_if_cut()
        raise Parked(key, as_request(event, "call"))

    def once(self, key: str, fn: Callable[..., Any], *args: Any) -> Any:
        """Do something, and keep what it returned for the attempts after this one.

        They get it again and do nothing. An async `fn` is awaited: `await ctx.once("post",
        post, url)`. What a worker did that died before it could be stored is done
        again: give the receiver the `idempotency_key`.
        """
        text = self._remembered.get(f"once:{key}")
        if text is not None:
            return values.load(text)
        text = self._remembered.get(f"awaited:{key}")
        if text is not None:
            return _ready(values.load(text))
        self._stop_if_cut()
        done = fn(*args)
        if inspect.isawaitable(done):
            return self._once_awaited(f"awaited:{key}", done)
        text = values.dump(done)
        self._link.remember(f"once:{key}", text)
        self._remembered[f"once:{key}"] = text
        return values.load(text)

    async def _once_awaited(self, key: str, doing: Awaitable[Any]) -> Any:
        text = values.dump(await doing)
        await self._link.remember_async(key, text)
        self._remembered[key] = text
        return values.load(text)

    def _stop_if_cut(self) -> None:
        if self._cancelled:
            raise Cut


async def _ready(value: Any) -> Any:
    return value
