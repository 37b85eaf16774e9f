"""A page's websocket, as far as this needs one: connect, and read what is sent.

By hand, because the client that comes with daphne cannot run on asyncio in a process
that has daphne among its apps, and no other is installed.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TEXT, CLOSE, PING = 1, 8, 9


class LiveSocket:
    """Frames from the server, which sends each message in one piece, and not masked."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> str:
        """The next message; raises ConnectionError when the server closes."""
        while True:
            kind, content = await self._read_frame()
            if kind == TEXT:
                return content.decode()
            if kind == CLOSE:
                code = int.from_bytes(content[:2])
                raise ConnectionError(f"The server closed with {code}.")
            if kind == PING:
                self._pong(content)

    async def _read_frame(self) -> tuple[int, bytes]:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length >= 126:  # noqa: PLR2004 - RFC 6455: the length follows, 2 or 8 bytes
            wide = 2 if length == 126 else 8  # noqa: PLR2004
            length = int.from_bytes(await self._reader.readexactly(wide))
        return first & 0x0F, await self._reader.readexactly(length)

    def _pong(self, content: bytes) -> None:
        """Masked with zeros: a client's frames must be masked, not how."""
        header = bytes([0x8A, 0x80 | len(content), 0, 0, 0, 0])
        self._writer.write(header + content)


@asynccontextmanager
async def live_socket(port: int, topics: str, cookie: str) -> AsyncIterator[LiveSocket]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    host = f"127.0.0.1:{port}"
    lines = [
        f"GET /ws/live/?topics={topics} HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        f"Cookie: {cookie}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in answer.split(b"\r\n")[0]:
        raise ConnectionError(answer.decode(errors="replace"))
    try:
        yield LiveSocket(reader, writer)
    finally:
        writer.close()
