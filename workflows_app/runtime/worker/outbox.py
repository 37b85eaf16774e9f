"""What an attempt tells its run while it works: in order, streamed lines in batches."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic

from workflows_app.engine.context import Cut
from workflows_app.engine.state import Call, EventRecord, State
from workflows_app.engine.ticks import StepRemembered, StepWaited, StreamWritten, Tick
from workflows_app.runtime.transition import Applied

STREAM_PAUSE = 0.05
STREAM_LINES = 100
"""Written lines are stored together, after this time or this many (design.md 3)."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """One thing to tell; somebody may wait until it is stored."""

    content: EventRecord | Tick
    stored: "Future[None] | None" = None


class Outbox:
    """The link of a body to its run. Made on the executor's loop, used from any thread.

    `apply` moves the run; `wait` and `go_on` move the attempt's clock.
    """

    def __init__(
        self,
        call: Call,
        apply: Callable[[Tick], Awaitable[Applied]],
        wait: Callable[[float, float | None], None],
        go_on: Callable[[float], None],
    ) -> None:
        self._call = call
        self._apply = apply
        self._wait, self._go_on = wait, go_on
        self._loop = asyncio.get_running_loop()
        self._letters: deque[_Letter] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._failed: Exception | None = None

    # From the body's threads

    def write(self, record: EventRecord) -> None:
        self._loop.call_soon_threadsafe(self._put, _Letter(record))

    def remember(self, key: str, text: str) -> None:
        self._post_memory(key, text).result()

    async def remember_async(self, key: str, text: str) -> None:
        await asyncio.wrap_future(self._post_memory(key, text))

    def wait_begins(self, reason: str, limit: float | None) -> None:
        now = monotonic()
        self._loop.call_soon_threadsafe(lambda: self._wait(now, limit))
        self._post(StepWaited(self._call.number, self._call.attempt, reason))

    def wait_ends(self) -> None:
        now = monotonic()
        self._loop.call_soon_threadsafe(lambda: self._go_on(now))
        self._post(StepWaited(self._call.number, self._call.attempt))

    def _post_memory(self, key: str, text: str) -> "Future[None]":
        stored: Future[None] = Future()
        tick = StepRemembered(self._call.number, self._call.attempt, key, text)
        self._post(tick, stored)
        return stored

    def _post(self, tick: Tick, stored: "Future[None] | None" = None) -> None:
        self._loop.call_soon_threadsafe(self._put, _Letter(tick, stored))

    # On the executor's loop

    async def flush(self) -> None:
        """Until all is stored; raises what kept it from that."""
        await asyncio.sleep(0)  # what the body handed over last
        while self._sending is not None:
            self._hurry.set()
            await self._sending
        if self._failed is not None:
            raise self._failed

    def _put(self, letter: _Letter) -> None:
        self._letters.append(letter)
        is_line = isinstance(letter.content, EventRecord)
        if not is_line or len(self._letters) >= STREAM_LINES:
            self._hurry.set()
        if self._sending is None:
            self._sending = self._loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._letters:
                await self._linger()
                await self._send(self._next())
        finally:
            self._sending = None

    async def _linger(self) -> None:
        """Lines wait a moment for more of them; nothing else does."""
        try:
            async with asyncio.timeout(STREAM_PAUSE):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()

    def _next(self) -> _Letter:
        """The lines before the next letter of another kind; else that letter."""
        lines: list[EventRecord] = []
        while self._letters:
            content = self._letters[0].content
            if not isinstance(content, EventRecord):
                break
            lines.append(content)
            self._letters.popleft()
        if lines:
            if self._letters:
                self._hurry.set()
            written = StreamWritten(self._call.number, self._call.attempt, tuple(lines))
            return _Letter(written)
        if len(self._letters) > 1:
            self._hurry.set()
        return self._letters.popleft()

    async def _send(self, letter: _Letter) -> None:
        assert not isinstance(letter.content, EventRecord)
        try:
            applied = await self._apply(letter.content)
        except Exception as error:  # noqa: BLE001 - told by `flush`, or to who waits
            if letter.stored is None:
                self._failed = self._failed or error
            else:
                letter.stored.set_exception(error)
            return
        if letter.stored is None:
            return
        if holds(applied.state, self._call):
            letter.stored.set_result(None)
        else:
            letter.stored.set_exception(Cut())


def holds(state: State, call: Call) -> bool:
    """Whether this attempt is still the one that counts."""
    now = state.calls.get(call.number)
    return now is not None and now.running and now.attempt == call.attempt
