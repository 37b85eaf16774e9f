"""The live stream to pages: one socket a page, and nothing in it but news."""

import asyncio
import json
import logging
from collections import Counter
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

from autobahn.exception import Disconnected
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError

from review_app import fragments
from review_app.credits import Credits, Pace
from review_app.live_rights import SIGNED_OUT, CloseError, Listener
from review_app.live_topics import Topics, TopicsError
from workflows_app.stream.log import Line
from workflows_app.stream.subscribe import hub, subscribe
from workflows_app.stream.wakeup import request_topic

log = logging.getLogger(__name__)

RECONNECT, TOO_FAST, TRY_LATER = 4000, 4008, 4013
BAD_TOPICS, NOWHERE = 4400, 4404

BEAT = 25.0
CHECK = 30.0
"""Seconds between two looks at the session and at what may be seen."""
PATIENCE = 60.0
"""Seconds for which a page that is full may acknowledge nothing."""
COALESCE = 0.25
"""Seconds between two messages about the queue at least."""
MOST_MISSED = 500
MOST_SOCKETS = 10
LONGEST_MESSAGE = 4096
MESSAGES_A_SECOND = 20

_sockets: Counter[int] = Counter()
"""How many pages each person has open in this process."""


class LiveConsumer(AsyncWebsocketConsumer):
    """Sends a page the lines of its runs, and that the queue or a request changed."""

    async def connect(self) -> None:
        """Refuse by accepting and closing: only so the page learns the code."""
        self._watching: asyncio.Task[None] | None = None
        self._user_id: int | None = None
        self._credits = Credits()
        self._pace = Pace(MESSAGES_A_SECOND, 1.0)
        await self.accept()
        try:
            await self._begin()
        except CloseError as refused:
            await self.close(refused.code)
        except (OperationalError, InterfaceError):
            await self.close(RECONNECT)

    async def _begin(self) -> None:
        user = self.scope["user"]
        if user is None or not user.is_authenticated:
            raise CloseError(SIGNED_OUT)
        try:
            topics = Topics.read(self.scope["query_string"])
        except TopicsError as error:
            raise CloseError(BAD_TOPICS) from error
        self._listener = Listener(user.pk, _session_key(dict(self.scope)))
        newest = await self._check(topics)
        if _sockets[user.pk] >= MOST_SOCKETS:
            raise CloseError(TRY_LATER)
        _sockets[user.pk] += 1
        self._user_id = user.pk
        self._watching = asyncio.create_task(self._watch(topics, newest))
        self._watching.add_done_callback(self._end)

    async def disconnect(self, code: int) -> None:
        if self._user_id is not None:
            _sockets[self._user_id] -= 1
            if not _sockets[self._user_id]:
                del _sockets[self._user_id]
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Take acknowledgements; whoever says anything else, or too much, has to go."""
        number = _read_ack(text_data)
        if self._pace.is_broken_at(asyncio.get_running_loop().time()) or number is None:
            await self._leave(TOO_FAST)
        else:
            self._credits.acknowledge(number)

    async def _leave(self, code: int) -> None:
        if self._watching is not None and not self._watching.done():
            self._watching.cancel()
            await self.close(code)

    def _end(self, watching: "asyncio.Task[None]") -> None:
        """A socket with nobody behind it must not stay open."""
        if not watching.cancelled() and (error := watching.exception()):
            log.error("Closing a socket", exc_info=error)
            self._closing = asyncio.create_task(self.close(RECONNECT))

    # What is sent

    async def _watch(self, topics: Topics, newest: dict[UUID, int]) -> None:
        """Everything that goes on behind this socket, until it has to be closed."""
        code = RECONNECT
        try:
            async with asyncio.TaskGroup() as group:
                for run_id, number in topics.runs.items():
                    group.create_task(self._follow(run_id, number, newest[run_id]))
                for pk in topics.requests:
                    group.create_task(self._follow_request(pk))
                if topics.has_queue:
                    group.create_task(self._follow_queue())
                group.create_task(self._beat())
                group.create_task(self._check_again(topics))
        except* CloseError as wanted:
            code = _code_of(wanted)
        except* (OperationalError, InterfaceError) as away:
            log.warning("Closing a socket, the database is away: %s", away.exceptions)
        except* Disconnected:
            pass  # the page went while it was told something
        await self.close(code)

    async def _follow(self, run_id: UUID, number: int, newest: int) -> None:
        topic = f"run:{run_id}"
        if newest - number > MOST_MISSED:
            missed = await _missed(run_id, number + 1, newest)
            number = newest
            await self._tell(topic=topic, number=number, reset=True, html=missed)
        async with aclosing(subscribe(run_id, after=number)) as lines:
            async for line in lines:
                await self._tell_line(topic, line)

    async def _tell_line(self, topic: str, line: Line) -> None:
        try:
            await self._credits.wait_for_room(PATIENCE)
        except TimeoutError:
            raise CloseError(RECONNECT) from None
        html: str = fragments.draw_line(line)
        if line.kind in fragments.STATUS_KINDS:
            html += await _status(line)
        size = await self._tell(
            topic=topic, number=line.number, kind=line.kind, html=html
        )
        self._credits.spend(line.number, size)

    async def _follow_queue(self) -> None:
        """Say that the queue changed, and at once when a page comes: it may have."""
        async with hub().watch_queue() as woken:
            while True:
                woken.clear()
                await self._tell(topic="queue")
                await asyncio.sleep(COALESCE)
                await woken.wait()

    async def _follow_request(self, pk: UUID) -> None:
        """Say that something goes on around a request: at once, and from time to time."""
        topic = request_topic(pk)
        async with hub().listener.watch(topic) as woken:
            while True:
                woken.clear()
                await self._tell(topic=topic)
                await asyncio.sleep(COALESCE)
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT):
                        await woken.wait()

    async def _beat(self) -> None:
        """Say at once that all is well, and again and again that it still is."""
        while True:
            await self._tell(topic="beat")
            await asyncio.sleep(BEAT)

    async def _check_again(self, topics: Topics) -> None:
        while True:
            await asyncio.sleep(CHECK)
            await self._check(topics)

    async def _check(self, topics: Topics) -> dict[UUID, int]:
        check = database_sync_to_async(self._listener.newest_numbers)
        return await check(topics)

    async def _tell(self, **message: Any) -> int:
        """Send a message; its size in characters, which is near enough to bytes."""
        text = json.dumps(message, ensure_ascii=False)
        await self.send(text_data=text)
        return len(text)


class NowhereConsumer(AsyncWebsocketConsumer):
    """Whoever comes to an address that does not exist."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOWHERE)


def _session_key(scope: dict[str, Any]) -> str | None:
    session = scope.get("session")
    return session.session_key if session is not None else None


def _read_ack(text: str | None) -> int | None:
    """The number that a page acknowledges; None for anything else."""
    if text is None or len(text) > LONGEST_MESSAGE:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    number = message.get("ack") if isinstance(message, dict) else None
    return number if type(number) is int and len(message) == 1 else None


async def _missed(run_id: UUID, first: int, last: int) -> str:
    """What a page shows in place of too many lines: a gap, and how the run stands."""
    draw = database_sync_to_async(fragments.draw_status)
    return fragments.draw_gap(run_id, first, last) + await draw(run_id, last)


async def _status(line: Line) -> str:
    status = fragments.find_status(line.run_id, line.number)
    if status is not None:
        return status
    draw = database_sync_to_async(fragments.draw_status)
    return await draw(line.run_id, line.number)


def _code_of(wanted: BaseExceptionGroup[CloseError]) -> int:
    first = wanted.exceptions[0]
    return _code_of(first) if isinstance(first, BaseExceptionGroup) else first.code
