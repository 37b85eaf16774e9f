"""Subscriptions: old lines, then new ones, for as long as somebody listens.

All readers of a run in a process share one feed: one wake-up, one fetch.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import uniform
from uuid import UUID
from weakref import WeakKeyDictionary

from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from .log import READ, Line
from .wakeup import Listener, connection_parameters, run_topic

BATCH = 500
KEPT = 1000
POLL = 5.0
"""Seconds after which a reader looks again without a wake-up (jittered)."""


class Feed:
    """The newest lines of one run, fetched once for all its readers here."""

    def __init__(self, run_id: UUID, after: int) -> None:
        self.run_id = run_id
        self.readers = 0
        self._floor = after
        self._last = after
        self._lines: deque[Line] = deque()
        self._grown = asyncio.Condition()

    def find_after(self, number: int) -> list[Line] | None:
        """Lines above the number; None when this feed does not reach back so far."""
        if number < self._floor:
            return None
        return [line for line in self._lines if line.number > number]

    async def wait_beyond(self, number: int) -> None:
        async with self._grown:
            await self._grown.wait_for(lambda: self._last > number)

    async def follow(self, hub: "Hub") -> None:
        """Fetch at every wake-up, and every few seconds in case one got lost."""
        async with hub.listener.watch(run_topic(self.run_id)) as woken:
            while True:
                woken.clear()  # before the fetch: what comes now wakes us again
                if not await self._fetch(hub):
                    await _wait(woken, POLL)

    async def _fetch(self, hub: "Hub") -> bool:
        try:
            lines = await hub.read(self.run_id, self._last)
        except (OperationalError, PoolTimeout, OSError):
            return False  # the database is away; the next wake-up or poll tries again
        if not lines:
            return False
        async with self._grown:
            self._lines.extend(lines)
            self._last = lines[-1].number
            while len(self._lines) > KEPT:
                self._floor = self._lines.popleft().number
            self._grown.notify_all()
        return True


class Hub:
    """The feeds of one event loop, its LISTEN connection, its pool for reading."""

    def __init__(self) -> None:
        self.listener = Listener()
        self._feeds: dict[UUID, tuple[Feed, asyncio.Task[None]]] = {}
        self._pool: AsyncConnectionPool | None = None

    @asynccontextmanager
    async def watch(self, run_id: UUID, after: int) -> AsyncIterator[Feed]:
        if run_id not in self._feeds:
            feed = Feed(run_id, after)
            self._feeds[run_id] = feed, asyncio.create_task(feed.follow(self))
        feed, task = self._feeds[run_id]
        feed.readers += 1
        try:
            yield feed
        finally:
            feed.readers -= 1
            if not feed.readers:
                del self._feeds[run_id]
                task.cancel()

    async def read(self, run_id: UUID, after: int) -> list[Line]:
        pool = await self._connected()
        async with pool.connection(timeout=5) as reading:
            cursor = await reading.execute(READ, (run_id, after, BATCH), prepare=True)
            return [Line(*row) for row in await cursor.fetchall()]

    async def _connected(self) -> AsyncConnectionPool:
        # Asking for the parameters starts an embedded server that has died.
        parameters = await asyncio.to_thread(connection_parameters)
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                kwargs={**parameters, "autocommit": True},
                min_size=1,
                max_size=4,
                open=False,
                check=AsyncConnectionPool.check_connection,
            )
            await self._pool.open()
        return self._pool


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


async def subscribe(run_id: UUID, *, after: int = 0) -> AsyncIterator[Line]:
    """Every line above a number, in order, none twice, until the run's last one."""
    async with hub().watch(run_id, after) as feed:
        while True:
            lines = feed.find_after(after)
            if lines is None:
                lines = await hub().read(run_id, after)
            for line in lines:
                yield line
                after = line.number
                if line.is_last:
                    return
            if not lines:
                await feed.wait_beyond(after)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(uniform(seconds * 0.8, seconds)):  # noqa: S311
            await event.wait()
    except TimeoutError:
        pass
