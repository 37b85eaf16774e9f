"""What people and senders wait for: a webhook's question, an answer's end, the intake."""

import asyncio
import json
import re
import secrets
import socket
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from uuid import uuid4

import httpx
from django.contrib.auth.models import Group, User

from benchmarks.flows import GROUP, webhook
from benchmarks.house import running, wait_for, worker
from benchmarks.live_socket import LiveSocket, live_socket
from workflows_app.intake.signatures import sign_github
from workflows_app.models import Source

NAME = "benchmark"
QUIET = 0.4
"""Seconds without news on the queue's socket; it joins news of a quarter of a second."""

PATIENCE = 15.0
SENDERS = 8
BODY = "x" * 20_000
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass
class Waits:
    """Milliseconds that somebody waited, for each time."""

    question: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Intake:
    """Requests a second: signed webhooks, and a view that does nothing."""

    hooks: float
    empty: float


def measure(directory: Path, times: int, seconds: float) -> tuple[Waits, Intake]:
    """Journeys with a real web process and worker; then the intake, without a worker."""
    port, secret, password = _free_port(), secrets.token_hex(16), secrets.token_hex(8)
    _prepare(secret, password)
    with running(directory, "web", "--port", str(port)) as web:
        wait_for(web, lambda: _answers(port))
        site = Site(port, secret)
        with worker(directory, 1):
            waits = asyncio.run(_journeys(site, password, times))
        return waits, asyncio.run(_intake(site, seconds))


def _prepare(secret: str, password: str) -> None:
    user = User.objects.create_user(NAME, password=password)
    user.groups.add(Group.objects.get_or_create(name=GROUP)[0])
    Source.objects.create(
        name=NAME, secrets=[secret], workflow=webhook.name, rate=1_000_000
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


@dataclass
class Site:
    """The web process, as senders and reviewers reach it."""

    port: int
    secret: str

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE, trust_env=False
        )

    async def send(
        self, client: httpx.AsyncClient, subject: str, more: str = ""
    ) -> str:
        """Post a signed webhook; the run that it started."""
        body = json.dumps({"subject": subject, "more": more}).encode()
        headers = {
            "X-Hub-Signature-256": sign_github(body, self.secret),
            "X-GitHub-Delivery": str(uuid4()),
            "X-GitHub-Event": NAME,
            "Content-Type": "application/json",
        }
        response = await client.post(f"/hooks/{NAME}/", content=body, headers=headers)
        response.raise_for_status()
        return str(response.json()["run_id"])


class Reviewer:
    """A person at a browser: signed in, with the queue before him."""

    def __init__(self, site: Site, client: httpx.AsyncClient) -> None:
        self._site = site
        self._client = client

    async def sign_in(self, password: str) -> None:
        fields = await self._hidden_fields("/login/")
        form = {**fields, "username": NAME, "password": password}
        response = await self._client.post("/login/", data=form)
        if response.status_code != httpx.codes.FOUND:
            raise RuntimeError(f"Not signed in: {response.status_code}")

    @property
    def cookie(self) -> str:
        return f"sessionid={self._client.cookies['sessionid']}"

    async def find(self, subject: str) -> str | None:
        """The address of the request that the queue page shows, once it does."""
        page = (await self._client.get("/queue/")).raise_for_status().text
        row = re.search(rf'href="(/requests/[^"?]+)[^>]*>\s*<bdi>{subject}<', page)
        return row[1] if row else None

    async def answer(self, address: str) -> Callable[[], Awaitable[httpx.Response]]:
        """Open the request's page; what is returned presses a button on it."""
        fields = await self._hidden_fields(address)
        form = {**fields, "outcome": "yes", "reason": ""}
        return lambda: self._client.post(address, data=form)

    async def _hidden_fields(self, address: str) -> dict[str, str]:
        page = (await self._client.get(address)).raise_for_status().text
        return dict(HIDDEN.findall(page))


async def _journeys(site: Site, password: str, times: int) -> Waits:
    waits = Waits()
    async with site.client() as client:
        reviewer = Reviewer(site, client)
        await reviewer.sign_in(password)
        async with live_socket(site.port, "queue", reviewer.cookie) as queue:
            for number in range(times + 1):
                measured = waits if number else Waits()  # the first one warms up
                async with asyncio.timeout(PATIENCE):
                    await _journey(site, reviewer, queue, measured)
    return waits


async def _journey(
    site: Site, reviewer: Reviewer, queue: LiveSocket, waits: Waits
) -> None:
    """Send; see the question in the queue; answer; see the end on the run's socket."""
    await _until_quiet(queue)
    subject = f"Question {uuid4().hex}"
    async with site.client() as sender:
        run_id = await site.send(sender, subject)
    accepted = monotonic()
    address = None
    while address is None:
        await queue.read()
        address = await reviewer.find(subject)
    waits.question.append((monotonic() - accepted) * 1000)
    press = await reviewer.answer(address)
    async with live_socket(site.port, f"run:{run_id}@0", reviewer.cookie) as run:
        await _read_until(run, "input_requested")
        posted = monotonic()
        pressing = asyncio.ensure_future(press())
        await _read_until(run, "run_completed")
        waits.end.append((monotonic() - posted) * 1000)
        await pressing


async def _until_quiet(queue: LiveSocket) -> None:
    """So that no news of the last question delays or hides news of the next."""
    try:
        while True:
            async with asyncio.timeout(QUIET):
                await queue.read()
    except TimeoutError:
        return


async def _read_until(run: LiveSocket, kind: str) -> None:
    while json.loads(await run.read()).get("kind") != kind:
        pass


async def _intake(site: Site, seconds: float) -> Intake:
    async with site.client() as client:

        async def ask_nothing() -> None:
            (await client.get("/healthz")).raise_for_status()

        async def send() -> None:
            await site.send(client, uuid4().hex, BODY)

        empty = await _rate(ask_nothing, seconds)
        return Intake(await _rate(send, seconds), empty)


async def _rate(act: Callable[[], Awaitable[None]], seconds: float) -> float:
    """How often a second, by several at a time."""
    await act()
    began = monotonic()

    async def repeat() -> int:
        done = 0
        while monotonic() < began + seconds:
            await act()
            done += 1
        return done

    done = await asyncio.gather(*(repeat() for _ in range(SENDERS)))
    return sum(done) / (monotonic() - began)
