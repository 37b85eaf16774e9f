"""Slack's Web API: one call, and what its reply means for whoever made it."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from workflows_app.engine.strict_json import StrictJsonError, load_strict

TIMEOUT = 10.0
"""Seconds for a call that nobody waits for."""

MOST_READ = 2_097_152
"""Bytes of a reply; a page of a conversation has many messages."""

LONGEST_PAUSE = 3_600
_UNCLEAR = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
)


class SlackError(Exception):
    """Slack did not do what was wanted, and no token is in the text."""

    def __str__(self) -> str:
        return super().__str__() or str(self.__doc__)


class SlackRefusedError(SlackError):
    """Slack said no, so nothing was done."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"Slack says {code}.")


class SlackBusyError(SlackError):
    """Slack wants to be asked later, and has done nothing."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"Slack wants to be asked again in {seconds:g} s.")


class SlackAwayError(SlackError):
    """There was no connection to Slack, so nothing was done."""


class SlackUnclearError(SlackError):
    """Slack gave no clear reply: it may have done it or not."""


async def call(
    token: str, method: str, arguments: Mapping[str, Any], *, seconds: float = TIMEOUT
) -> dict[str, Any]:
    """Call a method; what Slack replies when it did it. Raises a SlackError otherwise.

    Only to `SLACK_API`, which an operator has set: never to an address from a payload.
    """
    try:
        async with asyncio.timeout(seconds):
            status, pause, body = await _post(token, method, arguments, seconds)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise SlackAwayError(
            f"No connection to Slack: {type(error).__name__}."
        ) from None
    except (TimeoutError, OSError, httpx.HTTPError) as error:
        told = f"No whole reply from Slack: {type(error).__name__}."
        raise SlackUnclearError(told) from None
    return _judge(status, pause, body)


async def _post(
    token: str, method: str, arguments: Mapping[str, Any], seconds: float
) -> tuple[int, str, bytes]:
    """As a form: all methods take that, and only some take JSON."""
    async with (
        httpx.AsyncClient(
            verify=_tls(), trust_env=False, timeout=seconds, follow_redirects=False
        ) as client,
        client.stream(
            "POST",
            f"{settings.SLACK_API}/{method}",
            data={name: _field(value) for name, value in arguments.items()},
            headers={"Authorization": f"Bearer {token}", "User-Agent": "Holdpoint"},
        ) as response,
    ):
        body = await _read(response)
        return response.status_code, response.headers.get("Retry-After", ""), body


def _field(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads all certificates of the system, or those of SSL_CERT_FILE."""
    return httpx.create_ssl_context()


async def _read(response: httpx.Response) -> bytes:
    read = bytearray()
    async for part in response.aiter_bytes():
        read += part
        if len(read) > MOST_READ:
            raise SlackUnclearError("Slack's reply is too long.")
    return bytes(read)


def _judge(status: int, pause: str, body: bytes) -> dict[str, Any]:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise SlackBusyError(_seconds(pause))
    if not httpx.codes.is_success(status):
        raise SlackUnclearError(f"Slack replied {status}.")
    try:
        reply = load_strict(body, max_bytes=MOST_READ, max_keys=10_000)
    except StrictJsonError:
        raise SlackUnclearError("Slack's reply is no JSON.") from None
    if not isinstance(reply, dict) or reply.get("ok") is not True:
        raise _refusal(reply.get("error") if isinstance(reply, dict) else None)
    return reply


def _refusal(code: object) -> SlackError:
    """Most errors say that nothing was done; some that Slack itself does not know."""
    if not isinstance(code, str) or not code.isprintable() or code in _UNCLEAR:
        return SlackUnclearError(f"Slack says {code!r:.80}.")
    if code == "ratelimited":
        return SlackBusyError(_seconds(""))
    return SlackRefusedError(code[:80])


def _seconds(pause: str) -> float:
    """What Retry-After says; a minute where it says nothing that can be."""
    seconds = int(pause) if pause.isdecimal() and len(pause) < 6 else 60  # noqa: PLR2004 - digits of a day
    return float(min(max(seconds, 1), LONGEST_PAUSE))
