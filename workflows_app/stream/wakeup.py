"""Wake-ups: `something happened on this topic, look again`, and nothing more.

They are sent after the commit, because a commit with NOTIFY takes a lock on the whole
cluster. One that gets lost costs a delay of a poll, never an event.
"""

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from random import uniform
from typing import Any

import psycopg
from django.db import connection

log = logging.getLogger(__name__)

CHANNEL = "holdpoint"
APPLICATION = "holdpoint stream"
QUEUE = "queue"
JOBS = "jobs"
RUNS = "runs"
"""Nobody sends it: who waits for it is woken by what is sent to any run's topic."""
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,  # "got no result": the connection broke in mid-query
    OSError,
)
"""What is raised while the database cannot be reached, or has just gone."""
_NOTIFY = "SELECT pg_notify(%s, topic) FROM unnest(%s::text[]) topic"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_LISTENING_WITHIN = 5.0
_SWALLOWED_AFTER = 1.0
_OF_A_RUN = "run:"


def run_topic(run_id: object) -> str:
    return f"{_OF_A_RUN}{run_id}"


def request_topic(pk: object) -> str:
    """What goes on around a request while it is open: claims, comments, presence."""
    return f"request:{pk}"


def connection_parameters() -> dict[str, Any]:
    """Where to connect beside Django's own connections; starts a server that is down."""
    parameters: dict[str, Any] = connection.get_listen_params()  # type: ignore[attr-defined]
    return parameters


def stream_parameters() -> dict[str, Any]:
    """The same for the connections of this room, by a name that operators see."""
    return {"application_name": APPLICATION, **connection_parameters()}


class Notifier:
    """Sends the wake-ups of a process from one thread, many in one statement."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """After a fork: the thread is the parent's, and so is the connection."""
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._wanted = threading.Event()
        self._topics: set[str] = set()
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection | None = None

    def send(self, topics: Iterable[str]) -> None:
        """Send soon. Never waits for the database."""
        with self._lock:
            self._topics.update(topics)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
                atexit.register(self.flush)  # a command may end right after its commit
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self.flush()

    def flush(self) -> None:
        """Send what is waiting to be sent, now."""
        with self._sending:
            with self._lock:
                topics, self._topics = self._topics, set()
            if topics:
                self._deliver(sorted(topics))

    def _deliver(self, topics: list[str]) -> None:
        """Twice at most: a connection that died unused is only noticed by using it."""
        for is_again in (False, True):
            try:
                self._connected().execute(_NOTIFY, [CHANNEL, topics])
                return
            except AWAY as error:
                self._hang_up()
                if is_again:
                    log.warning("Lost a wake-up, readers will poll: %s", error)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(**stream_parameters(), autocommit=True)
        return self._connection


notifier = Notifier()
os.register_at_fork(after_in_child=notifier.begin_anew)


async def end(task: "asyncio.Task[None]") -> None:
    """Cancel a task until it is over: code of others may swallow a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_SWALLOWED_AFTER)
    await asyncio.gather(task, return_exceptions=True)  # nobody asks how it ended


async def woken_within(event: asyncio.Event, seconds: float) -> None:
    """Wait for a wake-up, or so many seconds; not all who wait the same."""
    try:
        async with asyncio.timeout(uniform(seconds * 0.8, seconds)):  # noqa: S311
            await event.wait()
    except TimeoutError:
        pass


class Listener:
    """One LISTEN connection of a process; wakes whoever waits for a topic.

    It is connected for as long as somebody watches.
    """

    def __init__(self) -> None:
        self._watched: dict[str, set[asyncio.Event]] = {}
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watch(self, topic: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each wake-up of the topic, from now on."""
        event = asyncio.Event()
        self._watched.setdefault(topic, set()).add(event)
        try:
            await self._start()
            yield event
        finally:
            self._watched[topic].discard(event)
            if not self._watched[topic]:
                del self._watched[topic]
            if not self._watched:
                await self._stop()

    async def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(_LISTENING_WITHIN):
                await self._listening.wait()
        except TimeoutError:
            log.warning("No LISTEN connection yet; readers poll until there is one")

    async def _stop(self) -> None:
        """Hang up. What starts meanwhile is a new task, and not touched by this one."""
        task, self._task = self._task, None
        self._listening.clear()
        if task is not None:
            await end(task)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._listen()
            except AWAY as error:
                log.warning("Lost the LISTEN connection: %s", error)
            was_listening = self._listening.is_set()
            self._listening.clear()
            pause = _FIRST_PAUSE if was_listening else min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(uniform(pause / 2, pause))  # noqa: S311 - jitter

    async def _listen(self) -> None:
        parameters = await asyncio.to_thread(stream_parameters)
        listening = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
        async with listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            self._wake_all()  # what came while nobody listened
            async for note in listening.notifies():
                self.wake(note.payload)

    def wake(self, topic: str) -> None:
        """Wake those of this process."""
        for event in self._watched.get(topic, ()):
            event.set()
        if topic.startswith(_OF_A_RUN):
            self.wake(RUNS)

    def _wake_all(self) -> None:
        for topic in self._watched:
            self.wake(topic)
