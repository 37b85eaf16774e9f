"""Requests that wait: they are answered once, and asked again when something happened.

A view tells what its reply may wait for, and is done: its thread and its connection to
the database are free. This room waits around Django, on the hub that wakes the pages,
and asks the view again, token and rights included. So any number may wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from django.http import HttpRequest

from workflows_app.stream.all_runs import Place, Statement, follow_all
from workflows_app.stream.log import Line
from workflows_app.stream.subscribe import hub, subscribe

from .event_stream import ALIVE, END, frame

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Ask: TypeAlias = Callable[[Place], Awaitable[Statement | None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

LONGEST = 300.0
"""Seconds for which a program may wish to wait."""
HEARTBEAT = 15.0
"""Seconds after which a silent stream says that it is alive."""
RIGHTS_HOLD = 30.0
"""Seconds after which a stream asks again whether its reader may still read."""
MOST_SENT = 1_048_576
"""Bytes after which a stream ends and its reader comes back, if he has read them."""

_WISH = "holdpoint.wish"
_AGAIN = "holdpoint.again"
_SUCCESS = range(200, 300)


class Wish(Protocol):
    """What a reply waits for, and how long at most."""

    @property
    def seconds(self) -> float: ...

    async def come_true(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Closed:
    """An input request takes no answer any more."""

    request: UUID
    seconds: float

    async def come_true(self) -> None:
        await hub().wait_until_closed(self.request)


@dataclass(frozen=True, slots=True)
class NewLines:
    """A run's log has lines above a number, or the run is over."""

    run: UUID
    after: int
    seconds: float

    async def come_true(self) -> None:
        async with hub().watch(self.run, self.after) as feed:
            await feed.lines_after(self.after)


@dataclass(frozen=True, slots=True)
class AnyLines:
    """Some run that somebody may see has a line after a place."""

    ask: Ask
    after: Place
    seconds: float

    async def come_true(self) -> None:
        async with aclosing(follow_all(self.ask, self.after)) as looks:
            async for look in looks:
                if look.lines:
                    return


@dataclass(frozen=True, slots=True)
class Ended:
    """A run is over; its last line comes after this number."""

    run: UUID
    after: int
    seconds: float

    async def come_true(self) -> None:
        async with aclosing(subscribe(self.run, after=self.after)) as lines:
            async for _ in lines:
                pass


@dataclass(frozen=True, slots=True)
class Stream:
    """The reply is the beginning of a stream, which goes on above this number."""

    run: UUID
    after: int


def wish(request: HttpRequest, what: Wish | Stream) -> None:
    """Let the reply to this request wait; one that came by no such server does not."""
    scope = getattr(request, "scope", None)
    if scope is not None:
        scope[_WISH] = what


def wish_before(request: HttpRequest) -> Wish | Stream | None:
    """What the same request wished for before it was asked again; it is counted once."""
    wished: Wish | Stream | None = getattr(request, "scope", {}).get(_AGAIN)
    return wished


class Waiting:
    """Stands before Django's application, and waits where a view wishes it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _may_wait(scope):
            await self._application(scope, receive, send)
            return
        gone = asyncio.create_task(_until_gone(receive))
        serving = asyncio.create_task(self._serve(scope, send))
        try:
            await asyncio.wait({gone, serving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not serving.done():
                serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving

    async def _serve(self, scope: Scope, send: Send) -> None:
        until = None
        reply = await self._ask(scope)
        while reply.wish is not None:
            if isinstance(reply.wish, Stream):
                await self._stream(scope, reply, send)
                return
            until = until or asyncio.get_running_loop().time() + reply.wish.seconds
            try:
                async with asyncio.timeout_at(until):
                    await reply.wish.come_true()
            except TimeoutError:
                break  # the reply still holds
            reply = await self._ask({**scope, _AGAIN: reply.wish})
        await reply.send_to(send)

    async def _ask(self, scope: Scope) -> "Reply":
        """The view's reply, now; Django believes that it has a client of its own."""
        asked, reply, body = dict(scope), Reply(), [EMPTY]

        async def receive() -> Message:
            return body.pop() if body else await asyncio.Future()

        await self._application(asked, receive, reply.take)
        reply.wish = asked.get(_WISH)
        return reply

    async def _stream(self, scope: Scope, reply: "Reply", send: Send) -> None:
        """Send the beginning, and then what comes, for as long as somebody may read."""
        stream = reply.wish
        assert isinstance(stream, Stream)
        await reply.begin_stream(send)
        after, sent, checked = stream.after, 0, monotonic()
        async with hub().watch(stream.run, after) as feed:
            while sent < MOST_SENT:
                lines = await _within(HEARTBEAT, feed.lines_after(after))
                if lines is not None and not lines:
                    await send(_chunk(END))
                    break
                text = "".join(map(frame, lines)) if lines else ALIVE
                if monotonic() - checked > RIGHTS_HOLD:
                    checked = monotonic()
                    if not await self._may_still(scope, stream, after):
                        break
                await send(_chunk(text))
                sent += len(text)
                after = lines[-1].number if lines else after
        await send(_chunk("", is_last=True))

    async def _may_still(self, scope: Scope, stream: Stream, after: int) -> bool:
        headers = [(n, v) for n, v in scope["headers"] if n != b"last-event-id"]
        headers.append((b"last-event-id", str(after).encode()))
        reply = await self._ask({**scope, _AGAIN: stream, "headers": headers})
        return reply.status in _SUCCESS


class Reply:
    """A whole reply, kept until it is known whether it is the last word."""

    def __init__(self) -> None:
        self.wish: Wish | Stream | None = None
        self._messages: list[Message] = []

    @property
    def status(self) -> int:
        return int(self._messages[0]["status"]) if self._messages else 0

    async def take(self, message: Message) -> None:
        self._messages.append(message)

    async def send_to(self, send: Send) -> None:
        for message in self._messages:
            await send(message)

    async def begin_stream(self, send: Send) -> None:
        """Send all of it as the beginning of something whose length nobody knows."""
        for message in self._messages:
            if message["type"] == "http.response.start":
                headers = [h for h in message["headers"] if h[0].lower() != LENGTH]
                await send({**message, "headers": headers})
            else:
                await send({**message, "more_body": True})


LENGTH = b"content-length"
EMPTY: Message = {"type": "http.request", "body": b"", "more_body": False}


def _may_wait(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    wants_stream = any(
        name == b"accept" and b"text/event-stream" in value
        for name, value in scope["headers"]
    )
    is_ours = scope["path"].startswith("/api/")
    return is_ours and (wants_stream or b"wait=" in scope["query_string"])


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _within(
    seconds: float, coming: Awaitable[Sequence[Line]]
) -> Sequence[Line] | None:
    """What comes within so many seconds; None when nothing does."""
    try:
        async with asyncio.timeout(seconds):
            return await coming
    except TimeoutError:
        return None


def _chunk(text: str, *, is_last: bool = False) -> Message:
    return {
        "type": "http.response.body",
        "body": text.encode(),
        "more_body": not is_last,
    }
