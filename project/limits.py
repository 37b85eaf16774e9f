"""Bodies that are too large are refused by the server, before it buffers them.

Daphne takes a whole body into memory or a file before Django sees the request. Here it
stops at the limit, by the declared length or by what has come. What this does not
prevent: many connections that each stay below the limit, or that send slowly; a proxy
in front does that.
"""

import json
from typing import Any

from daphne import http_protocol
from django.conf import settings
from twisted.internet import reactor

LINGER = 5.0
"""Seconds for which a refused sender may go on: who is cut off reads no answer."""


class LimitedRequest(http_protocol.WebRequest):  # type: ignore[misc]
    """A request of daphne's whose body may not be larger than INTAKE_LIMIT."""

    received = 0
    refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - twisted's name
        """The headers are complete; a chunked body has no length."""
        super().gotLength(length)
        if length is not None and length > settings.INTAKE_LIMIT:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        """A part of the body has come; that of a refused one is thrown away."""
        self.received += len(data)
        if self.received > settings.INTAKE_LIMIT:
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def requestReceived(self, *line: Any) -> None:  # noqa: N802 - twisted's name
        """The body is complete."""
        if self.refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(*line)

    def _refuse(self) -> None:
        if self.refused:
            return
        self.refused = True
        self.requestHeaders.removeHeader(b"Expect")  # or it would still be invited
        transport = self.channel.transport
        transport.write(_answer())
        reactor.callLater(LINGER, transport.abortConnection)  # type: ignore[arg-type]


def limit_daphne() -> None:
    """Let daphne make limited requests; it has no setting for this."""
    http_protocol.WebRequest = LimitedRequest


def _answer() -> bytes:
    limit: int = settings.INTAKE_LIMIT
    message = f"The body is larger than {limit} bytes."
    body = json.dumps({"error": {"code": "too_large", "message": message}}).encode()
    head = (
        "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
