"""Subscriptions: old lines, then new ones, for as long as somebody listens.

All readers of a run in a process share one feed: one wake-up, one fetch.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from random import uniform
from typing import Any
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from .closings import Closings
from .log import LAST_KINDS, READ, READ_NEWEST, READ_QUEUE, READ_QUIET, Line
from .wakeup import (
    AWAY,
    QUEUE,
    RUNS,
    Listener,
    end,
    run_topic,
    stream_parameters,
    woken_within,
)

BATCH = 500
KEPT = 1000
ROOM = 256 * 1024
"""Bytes of bodies that are fetched at once, and that a feed keeps: lines may be large."""
POLL = 5.0
"""Seconds after which a reader looks again without a wake-up (jittered)."""
LOOK = 0.25
"""The same for whoever waits for runs below his own, of which no wake-up tells him."""


class Feed:
    """The newest lines of one run, fetched once for all its readers here."""

    def __init__(self, hub: "Hub", run_id: UUID, after: int) -> None:
        self.readers = 0
        self._hub = hub
        self._run_id = run_id
        self._after = after
        self._is_begun = self._is_over = False
        self._floor = self._last = 0
        self._lines: deque[Line] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._follow())
        self._task.add_done_callback(lambda _: self._announce())

    @property
    def has_failed(self) -> bool:
        return self._task.done() and not self._is_over

    async def lines_after(self, number: int) -> list[Line]:
        """The lines above a number, as soon as there are any; none: the run is over."""
        while not self._has_news(number):
            if self.has_failed:
                await self._task  # raises what went wrong
            await self._changed.wait()
        if number < self._floor:
            return await self._read_older(number)
        return list(islice(self._lines, number - self._floor, None))

    def _has_news(self, number: int) -> bool:
        return self._is_begun and (self._last > number or self._is_over)

    async def stop(self) -> None:
        await end(self._task)

    async def _read_older(self, number: int) -> list[Line]:
        """Lines that this feed does not keep, for a reader who is far behind."""
        while True:
            try:
                return await self._hub.read(self._run_id, number)
            except AWAY:
                await asyncio.sleep(uniform(POLL / 10, POLL / 2))  # noqa: S311 - jitter

    async def _follow(self) -> None:
        """Fetch at every wake-up, and every few seconds in case one got lost."""
        async with self._hub.listener.watch(run_topic(self._run_id)) as woken:
            while not self._is_over:
                woken.clear()  # before the fetch: what comes now wakes us again
                try:
                    is_more = await self._fetch()
                except AWAY:
                    is_more = False  # the next wake-up or poll tries again
                if not is_more and not self._is_over:
                    await woken_within(woken, POLL)

    async def _fetch(self) -> bool:
        if not self._is_begun:
            await self._begin()
        lines = [] if self._is_over else await self._hub.read(self._run_id, self._last)
        if lines:
            self._keep(lines)
            self._announce()
        return bool(lines)

    async def _begin(self) -> None:
        """Start at the first reader's number, but never above the newest line."""
        number, kind = await self._hub.read_newest(self._run_id)
        self._floor = self._last = min(self._after, number)
        self._is_over = kind in LAST_KINDS and self._last == number
        self._is_begun = True
        self._announce()

    def _keep(self, lines: list[Line]) -> None:
        self._lines.extend(lines)
        self._last = lines[-1].number
        self._is_over = lines[-1].is_last
        self._size += sum(len(line.body) for line in lines)
        while len(self._lines) > KEPT or (self._size > ROOM and len(self._lines) > 1):
            dropped = self._lines.popleft()
            self._floor = dropped.number
            self._size -= len(dropped.body)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Pulse:
    """Notices a change of the review queue whose wake-up got lost, for everybody."""

    def __init__(self, hub: "Hub") -> None:
        self.readers = 0
        self._hub = hub
        self._task = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        await end(self._task)

    async def _beat(self) -> None:
        async with self._hub.listener.watch(QUEUE) as woken:
            known = await self._look()
            while True:
                woken.clear()
                await woken_within(woken, POLL)
                is_told = woken.is_set()
                seen = await self._look()
                if seen != known and not is_told:
                    self._hub.listener.wake(QUEUE)
                known = seen

    async def _look(self) -> object:
        try:
            return await self._hub.read_queue()
        except AWAY:
            return None


class Hub:
    """The feeds of one event loop, its LISTEN connection, its pool for reading.

    It is connected for as long as somebody listens.
    """

    def __init__(self) -> None:
        self.listener = Listener()
        self._feeds: dict[UUID, Feed] = {}
        self._pulse: Pulse | None = None
        self._closings = Closings(self.listener, self.query)
        self._waiting = 0
        self._pool: AsyncConnectionPool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def watch(self, run_id: UUID, after: int) -> AsyncIterator[Feed]:
        feed = self._feeds.get(run_id)
        if feed is None or feed.has_failed:
            feed = self._feeds[run_id] = Feed(self, run_id, after)
        feed.readers += 1
        try:
            yield feed
        finally:
            feed.readers -= 1
            if not feed.readers:
                await self._drop(run_id, feed)

    async def _drop(self, run_id: UUID, feed: Feed) -> None:
        if self._feeds.get(run_id) is feed:
            del self._feeds[run_id]
        await feed.stop()
        await self._rest()

    @asynccontextmanager
    async def watch_queue(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever the review queue may have changed."""
        if self._pulse is None:
            self._pulse = Pulse(self)
        pulse = self._pulse
        pulse.readers += 1
        try:
            async with self.listener.watch(QUEUE) as woken:
                yield woken
        finally:
            pulse.readers -= 1
            if not pulse.readers:
                self._pulse = None
                await pulse.stop()
                await self._rest()

    async def wait_until_quiet(self, run_id: UUID) -> None:
        """Until nothing runs in a held run any more, nor in those that work for it."""
        async with self._at_work(), self.listener.watch(run_topic(run_id)) as woken:
            while not await self._is_quiet(run_id):
                await woken_within(woken, LOOK)
                woken.clear()

    @asynccontextmanager
    async def watch_runs(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something may have happened in any run."""
        async with self._at_work(), self.listener.watch(RUNS) as woken:
            yield woken

    async def wait_until_closed(self, request: UUID) -> None:
        """Until an input request takes no answer any more, whatever became of it."""
        async with self._at_work():
            await self._closings.wait(request)

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            await self._rest()

    async def _is_quiet(self, run_id: UUID) -> bool:
        try:
            return bool((await self.query(READ_QUIET, (run_id,)))[0][0])
        except AWAY:
            return False

    async def _rest(self) -> None:
        if not self._feeds and self._pulse is None and not self._waiting:
            await self._hang_up(self._pool)

    async def read(self, run_id: UUID, after: int) -> list[Line]:
        """Some lines above a number, oldest first; raises one of AWAY."""
        rows = await self.query(READ, (run_id, after, BATCH, ROOM))
        return [Line(*row) for row in rows]

    async def read_newest(self, run_id: UUID) -> tuple[int, str]:
        """Number and kind of a run's newest line."""
        rows = await self.query(READ_NEWEST, (run_id,))
        return (rows[0][0], rows[0][1]) if rows else (0, "")

    async def read_queue(self) -> tuple[Any, ...]:
        """Something that is another thing after each change of the review queue."""
        return (await self.query(READ_QUEUE, ()))[0]

    async def query(
        self, statement: str, parameters: tuple[Any, ...]
    ) -> list[tuple[Any, ...]]:
        """The rows of a statement; raises one of AWAY."""
        pool = await self._connected()
        try:
            async with pool.connection(timeout=POLL) as reading:
                cursor = await reading.execute(statement, parameters, prepare=True)
                return await cursor.fetchall()
        except AWAY:
            await self._hang_up(pool)  # the next one asks anew where the server is
            raise

    async def _connected(self) -> AsyncConnectionPool:
        async with self._opening:
            if self._pool is None:
                # Asking for the parameters starts an embedded server that has died.
                parameters = await asyncio.to_thread(stream_parameters)
                pool = AsyncConnectionPool(
                    kwargs={**parameters, "autocommit": True},
                    min_size=1,
                    max_size=4,
                    open=False,
                    check=AsyncConnectionPool.check_connection,
                )
                await pool.open()
                self._pool = pool
            return self._pool

    async def _hang_up(self, pool: AsyncConnectionPool | None) -> None:
        if pool is not None:
            if self._pool is pool:
                self._pool = None
            await pool.close()


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for closed in [known for known in list(_hubs) if known.is_closed()]:
            _hubs.pop(closed, None)
        _hubs[loop] = Hub()
    return _hubs[loop]


async def subscribe(run_id: UUID, *, after: int = 0) -> AsyncGenerator[Line, None]:
    """Every line above a number, in order, none twice, until the run's last one."""
    async with hub().watch(run_id, after) as feed:
        while lines := await feed.lines_after(after):
            for line in lines:
                yield line
                after = line.number
