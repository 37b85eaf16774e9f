"""Callbacks leave the house: at least once, each under one id, until they arrived."""

import asyncio
import socket
import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from random import uniform
from typing import Literal
from uuid import UUID

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from workflows_app.models import Callback
from workflows_app.runtime import jobs

from .addresses import CallbackUrlError, Destination, check_address, check_url
from .signing import BadSecretError, signed_headers

TIMEOUT = 10.0
"""Seconds for one attempt, from looking up the name to the end of the reply."""

CLAIM = timedelta(seconds=60)
"""The time for which a callback that is being sent is nobody else's."""

MOST_READ = 65_536
"""Bytes that are read of a reply."""

BACK_OFF = (5, 30, 120, 600, 3_600, 21_600, 86_400)
"""Seconds after each attempt that failed; after one more it has failed for good."""

_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Claimed:
    """A callback that this process alone may send now; `attempt` is its token.

    `at` is the database's time: the receiver compares it with its own.
    """

    id: UUID
    attempt: int
    body: str
    url: str
    secret: str
    is_active: bool
    at: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an attempt, and in words why."""

    status: Literal["delivered", "retry", "failed"]
    reply: str


def claim(callback_id: UUID) -> Claimed | None:
    """Take a callback that is due; None when it is not, or another was first."""
    with transaction.atomic():
        due = Callback.objects.filter(
            pk=callback_id, status=Callback.Status.PENDING, due_at__lte=Now()
        )
        if not due.update(attempts=F("attempts") + 1, due_at=Now() + CLAIM):
            return None
        return _read_claimed(callback_id)


def _read_claimed(callback_id: UUID) -> Claimed:
    """Read while the row is still locked, so the attempt is ours."""
    callbacks = Callback.objects.select_related("receiver").annotate(now=Now())
    callback = callbacks.get(pk=callback_id)
    receiver = callback.receiver
    return Claimed(
        id=callback.pk,
        attempt=callback.attempts,
        body=callback.body,
        url=receiver.url,
        secret=receiver.secret,
        is_active=receiver.is_active,
        at=int(callback.now.timestamp()),
    )


async def send(claimed: Claimed, *, timeout: float = TIMEOUT) -> Fate:  # noqa: ASYNC109 - of the whole attempt
    """Post the stored text once, and say what became of it."""
    if not claimed.is_active:
        return Fate("failed", "The receiver is switched off.")
    hosts: list[str] = settings.CALLBACK_HOSTS
    try:
        destination = check_url(claimed.url, hosts, settings.CALLBACK_HTTP)
        async with asyncio.timeout(timeout):
            addresses = await _resolve(destination, hosts)
            return await _post(claimed, destination, addresses)
    except (CallbackUrlError, BadSecretError) as error:
        return Fate("failed", str(error))
    except TimeoutError:
        return Fate("retry", f"There was no reply within {timeout:g} seconds.")
    except (OSError, httpx.HTTPError) as error:
        return Fate("retry", f"{type(error).__name__}: {error}")


def settle(claimed: Claimed, fate: Fate) -> bool:
    """Record the fate of an attempt; False when a later one has been made since."""
    mine = Callback.objects.filter(
        pk=claimed.id, status=Callback.Status.PENDING, attempts=claimed.attempt
    )
    reply = _printable(fate.reply)[:300]
    if fate.status == "delivered":
        changed = mine.update(
            status=Callback.Status.DELIVERED,
            delivered_at=Now(),
            due_at=None,
            last_reply=reply,
        )
    elif fate.status == "retry" and claimed.attempt <= len(BACK_OFF):
        changed = mine.update(due_at=Now() + _pause(claimed.attempt), last_reply=reply)
    else:
        changed = mine.update(
            status=Callback.Status.FAILED, due_at=None, last_reply=reply
        )
    return changed == 1


def resend(callback_ids: Collection[UUID]) -> int:
    """Send these again now, under their own ids, whatever became of them before."""
    with transaction.atomic():
        chosen = Callback.objects.filter(pk__in=callback_ids)
        pending = chosen.filter(status=Callback.Status.PENDING).update(due_at=Now())
        settled = chosen.exclude(status=Callback.Status.PENDING).update(
            status=Callback.Status.PENDING, attempts=0, due_at=Now(), delivered_at=None
        )
        jobs.defer_callbacks(list(callback_ids))
    return pending + settled


def _pause(attempt: int) -> timedelta:
    """The pause before the next attempt, not the same for all who wait for one server."""
    return timedelta(seconds=BACK_OFF[attempt - 1] * uniform(0.8, 1.2))  # noqa: S311 - jitter


async def _resolve(destination: Destination, hosts: Sequence[str]) -> list[str]:
    """The addresses to connect to: looked up once, and each of them allowed."""
    found = await asyncio.get_running_loop().getaddrinfo(
        destination.host, destination.port, type=socket.SOCK_STREAM
    )
    addresses = dict.fromkeys(str(address[0]) for *_, address in found)
    return [str(check_address(address, hosts)) for address in addresses]


async def _post(
    claimed: Claimed, destination: Destination, addresses: Sequence[str]
) -> Fate:
    """Connect to the first address that takes a connection."""
    for address in addresses[:-1]:
        try:
            return await _post_to(address, claimed, destination)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await _post_to(addresses[-1], claimed, destination)


async def _post_to(address: str, claimed: Claimed, destination: Destination) -> Fate:
    """Post to this address, under the name that the receiver has for Host and TLS."""
    url = httpx.URL(
        scheme=destination.scheme,
        host=address,
        port=destination.port,
        raw_path=_path(destination.target),
    )
    body = claimed.body.encode()
    # No proxy and no .netrc of the environment: the address was checked, not theirs.
    async with (
        httpx.AsyncClient(
            verify=_tls(), trust_env=False, timeout=TIMEOUT, follow_redirects=False
        ) as client,
        client.stream(
            "POST",
            url,
            content=body,
            headers=_headers(claimed, destination, body),
            extensions={"sni_hostname": destination.host},
        ) as response,
    ):
        return _judge(response.status_code, await _read(response))


def _path(target: str) -> bytes:
    return (target if target.startswith("/") else f"/{target}").encode()


@cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads all certificates of the system, or those of SSL_CERT_FILE."""
    return httpx.create_ssl_context()


def _headers(claimed: Claimed, destination: Destination, body: bytes) -> dict[str, str]:
    message_id = Callback(pk=claimed.id).idempotency_key
    return {
        "Host": destination.authority,
        "User-Agent": "Holdpoint",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        **signed_headers(message_id, claimed.at, body, [claimed.secret]),
    }


async def _read(response: httpx.Response) -> bytes:
    """The beginning of the reply; one that never ends is not read to its end."""
    read = b""
    async for part in response.aiter_raw():
        read += part
        if len(read) >= MOST_READ:
            break
    return read[:MOST_READ]


def _judge(status: int, reply: bytes) -> Fate:
    excerpt = reply[:_EXCERPT].decode(errors="replace").strip()
    text = f"{status}: {excerpt}" if excerpt else str(status)
    if httpx.codes.is_success(status):
        return Fate("delivered", text)
    if status == httpx.codes.GONE:
        return Fate("failed", text)
    if httpx.codes.is_redirect(status):
        return Fate("retry", f"{status}: Redirects are not followed.")
    return Fate("retry", text)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
