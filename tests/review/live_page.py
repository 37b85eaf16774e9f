"""A page's socket, through the whole application: signed in by a cookie, from our origin."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from project.asgi import application

ORIGIN = "http://localhost"


class LivePage:
    """What a page does with its socket: it reads, it acknowledges, it is closed."""

    def __init__(self, topics: str, client: Client | None, origin: str | None) -> None:
        headers = [(b"origin", origin.encode())] if origin else []
        if client is not None:
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
            headers.append((b"cookie", cookie.encode()))
        address = f"/ws/live/?topics={topics}"
        self._socket = WebsocketCommunicator(application, address, headers)

    async def open(self) -> bool:
        is_open, _ = await self._socket.connect(timeout=5)
        return is_open

    async def read(self, seconds: float = 5) -> dict[str, Any]:
        """The next message about a run."""
        return await self.read_of("run", seconds)

    async def read_of(self, topic: str, seconds: float = 5) -> dict[str, Any]:
        """The next message whose topic begins so."""
        while True:
            message = await self._read(seconds)
            if message["topic"].startswith(topic):
                return message

    async def _read(self, seconds: float = 5) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            sent = await self._socket.receive_output(timeout=seconds)
        assert sent["type"] == "websocket.send", sent
        message: dict[str, Any] = json.loads(sent["text"])
        return message

    async def read_many(self, count: int) -> list[dict[str, Any]]:
        return [await self.read() for _ in range(count)]

    async def count(self, topic: str, seconds: float) -> int:
        """How many messages of a topic come in so much time."""
        found = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self.read_of(topic, seconds * 2):
                    found += 1
        return found

    async def is_silent(self, seconds: float = 0.2) -> bool:
        """Nothing comes, but that the server is still there."""
        while not await self._socket.receive_nothing(timeout=seconds):
            if (await self._read(seconds))["topic"] != "beat":
                return False
        return True

    async def say(self, text: str) -> None:
        await self._socket.send_to(text_data=text)

    async def acknowledge(self, number: int) -> None:
        await self.say(json.dumps({"ack": number}))

    async def closing_code(self, seconds: float = 5) -> int:
        """The code with which the server closes, whatever it still sends before."""
        while True:
            sent = await self._socket.receive_output(timeout=seconds)
            if sent["type"] == "websocket.close":
                return int(sent["code"])

    async def leave(self) -> None:
        await self._socket.disconnect()


@asynccontextmanager
async def live_page(
    topics: str, user: User | None, origin: str | None = ORIGIN
) -> AsyncIterator[LivePage]:
    """An open page of somebody; of nobody when there is no user."""
    page = LivePage(topics, await sign_in(user) if user else None, origin)
    assert await page.open()
    try:
        yield page
    finally:
        await page.leave()


@sync_to_async
def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def run_topic(run_id: UUID, number: int) -> str:
    return f"run:{run_id}@{number}"
