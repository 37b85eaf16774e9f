"""Wake-ups: `something happened on this topic, look again`, and nothing more.

They are sent after the commit, because a commit with NOTIFY takes a lock on the whole
cluster. One that gets lost costs a delay of a poll, never an event.
"""

import asyncio
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
QUEUE = "queue"
JOBS = "jobs"
_NOTIFY = "SELECT pg_notify(%s, topic) FROM unnest(%s::text[]) topic"


def run_topic(run_id: object) -> str:
    return f"run:{run_id}"


class Notifier:
    """Sends the wake-ups of a process from one thread, many in one statement."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._topics: set[str] = set()
        self._wanted = threading.Event()
        self._pid = 0
        self._connection: psycopg.Connection | None = None

    def send(self, topics: Iterable[str]) -> None:
        with self._lock:
            self._topics.update(topics)
            if self._pid != os.getpid():  # first use, or first use after a fork
                self._pid = os.getpid()
                self._connection = None
                threading.Thread(target=self._run, daemon=True).start()
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self.flush()

    def flush(self) -> None:
        """Send what is waiting to be sent, now."""
        with self._lock:
            topics, self._topics = self._topics, set()
            if not topics:
                return
            try:
                self._connected().execute(_NOTIFY, [CHANNEL, sorted(topics)])
            except psycopg.Error as error:
                log.warning("Lost a wake-up, readers will poll: %s", error)
                self._connection = None

    def _connected(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                **connection_parameters(), autocommit=True
            )
        return self._connection


notifier = Notifier()


def connection_parameters() -> dict[str, Any]:
    """Where to connect beside Django's own connections; starts a server that is down."""
    parameters: dict[str, Any] = connection.get_listen_params()  # type: ignore[attr-defined]
    return parameters


class Listener:
    """One LISTEN connection of a process; wakes whoever waits for a topic."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watch(self, topic: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each wake-up of the topic, from now on."""
        await self._start()
        event = asyncio.Event()
        self._waiting.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            events = self._waiting[topic]
            events.discard(event)
            if not events:
                del self._waiting[topic]

    async def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(5):
                await self._listening.wait()
        except TimeoutError:
            log.warning("No LISTEN connection yet; readers poll until there is one")

    async def _run(self) -> None:
        pause = 0.1
        while True:
            try:
                await self._listen()
                pause = 0.1
            except (psycopg.Error, OSError) as error:
                log.warning("Lost the LISTEN connection: %s", error)
            self._listening.clear()
            await asyncio.sleep(uniform(pause / 2, pause))  # noqa: S311 - jitter
            pause = min(pause * 2, 5.0)

    async def _listen(self) -> None:
        parameters = await asyncio.to_thread(connection_parameters)
        listening = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
        async with listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            self._wake_all()  # what came while nobody listened
            async for note in listening.notifies():
                self._wake(note.payload)

    def _wake(self, topic: str) -> None:
        for event in self._waiting.get(topic, ()):
            event.set()

    def _wake_all(self) -> None:
        for topic in list(self._waiting):
            self._wake(topic)
