"""Callbacks: messages to other programs, posted and signed by Standard Webhooks."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from functools import cache

import httpx
from django.conf import settings

from workflows_app.models import Receiver

from .addresses import CallbackUrlError, Destination, check_address, check_url
from .outbox import Claimed, Fate
from .signing import BadSecretError, signed_headers

TIMEOUT = 10.0
"""Seconds for one attempt, from looking up the name to the end of the reply."""

MOST_READ = 65_536
"""Bytes that are read of a reply."""

_EXCERPT = 200


async def send(claimed: Claimed, *, timeout: float = TIMEOUT) -> Fate:  # noqa: ASYNC109 - of the whole attempt
    """Post the stored text once, and say what became of it."""
    receiver = _receiver_of(claimed)
    if not receiver.is_active:
        return Fate("failed", "The receiver is switched off.")
    hosts: list[str] = settings.CALLBACK_HOSTS
    try:
        destination = check_url(receiver.url, hosts, settings.CALLBACK_HTTP)
        async with asyncio.timeout(timeout):
            addresses = await _resolve(destination, hosts)
            return await _post(claimed, destination, addresses)
    except (CallbackUrlError, BadSecretError) as error:
        return Fate("failed", str(error))
    except TimeoutError:
        return Fate("retry", f"There was no reply within {timeout:g} seconds.")
    except (OSError, httpx.HTTPError) as error:
        return Fate("retry", f"{type(error).__name__}: {error}")


def _receiver_of(claimed: Claimed) -> Receiver:
    receiver = claimed.message.receiver
    assert receiver is not None, "callbacks are for receivers alone"
    return receiver


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
    body = claimed.message.body.encode()
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
    message_id = claimed.message.idempotency_key
    secrets = [_receiver_of(claimed).secret]
    return {
        "Host": destination.authority,
        "User-Agent": "Holdpoint",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        **signed_headers(message_id, claimed.at, body, secrets),
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
