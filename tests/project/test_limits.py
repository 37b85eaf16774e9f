"""The real server, and bodies around the limit."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 2000


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where daphne listens; nothing that is asked here needs the database."""
    path = str(tmp_path_factory.mktemp("daphne") / "socket")
    program = [sys.executable, "-m", "daphne", "-u", path, "project.asgi:application"]
    environment = os.environ | {"HOLDPOINT_INTAKE_LIMIT": str(LIMIT)}
    process = subprocess.Popen(program, cwd=ROOT, env=environment)  # noqa: S603 - ours
    try:
        assert _comes_up(path)
        yield path
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_a_body_of_the_allowed_size_reaches_django(address: str) -> None:
    head = _head(f"Content-Length: {LIMIT}")
    assert _ask(address, head + b"x" * LIMIT).startswith(b"HTTP/1.1 200")


def test_a_declared_length_above_the_limit_is_refused_before_the_body(
    address: str,
) -> None:
    answer = _ask(address, _head(f"Content-Length: {LIMIT + 1}"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"too_large"' in answer


def test_a_sender_that_waits_for_an_invitation_gets_none(address: str) -> None:
    head = _head(f"Content-Length: {LIMIT + 1}\r\nExpect: 100-continue")
    answer = _ask(address, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"100 Continue" not in answer


def test_chunks_are_counted(address: str) -> None:
    head = _head("Transfer-Encoding: chunked")
    chunk = b"%x\r\n%s\r\n" % (LIMIT // 2, b"x" * (LIMIT // 2))
    end = b"0\r\n\r\n"
    assert _ask(address, head + chunk * 2 + end).startswith(b"HTTP/1.1 200")
    assert _ask(address, head + chunk * 3).startswith(b"HTTP/1.1 413")


def test_a_sender_that_does_not_stop_reads_its_refusal(address: str) -> None:
    size = 20_000_000
    with _connected(address) as client:
        client.sendall(_head(f"Content-Length: {size}") + b"x" * size)
        assert _receive(client).startswith(b"HTTP/1.1 413")


def _head(*headers: str) -> bytes:
    lines = ["GET /healthz HTTP/1.1", "Host: localhost", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _ask(address: str, request: bytes) -> bytes:
    with _connected(address) as client:
        client.sendall(request)
        return _receive(client)


def _receive(client: socket.socket) -> bytes:
    """The answer up to the end of its head, and what came with it."""
    answer = b""
    while b"\r\n\r\n" not in answer or answer.endswith(b"\r\n\r\n"):
        part = client.recv(65_536)
        if not part:
            break
        answer += part
    return answer


def _connected(address: str) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(address)
    return client


def _comes_up(path: str) -> bool:
    """Whether the server listens within 20 seconds."""
    return any(_listens(path) or Event().wait(0.05) for _ in range(400))


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0
