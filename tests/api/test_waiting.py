"""Requests that wait: for a decision, for the next line, for all that is still to come."""

import asyncio
import json
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.db import connection

from project.asgi import application
from tests.factories import make_request, make_run
from workflows_app.api import tokens, waiting
from workflows_app.models import ApiToken, Scope
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.stream import closings, subscribe
from workflows_app.stream.subscribe import hub

pytestmark = pytest.mark.django_db(transaction=True)
communicator: Any = ApplicationCommunicator  # it has no types
SOON = 10
"""Seconds that a busy machine may need for what takes none."""


class Asking:
    """A request to the whole application, as a server would bring it."""

    def __init__(
        self, path: str, token: str, *headers: tuple[str, str], **query: Any
    ) -> None:
        shown = [("authorization", f"Bearer {token}"), ("host", "localhost"), *headers]
        self._http = communicator(
            application,
            {
                "type": "http",
                "http_version": "1.1",
                "method": "GET",
                "path": f"/api/v1{path}",
                "raw_path": f"/api/v1{path}".encode(),
                "query_string": urlencode(query).encode(),
                "headers": [(n.encode(), v.encode()) for n, v in shown],
                "client": ("127.0.0.1", 1),
            },
        )
        self.status = 0
        self.headers: set[bytes] = set()

    async def begin(self) -> "Asking":
        await self._http.send_input({"type": "http.request", "body": b""})
        return self

    async def is_waiting(self) -> bool:
        nothing: bool = await self._http.receive_nothing(timeout=0.2)
        return nothing

    async def read(self) -> str:
        """A part of the reply; the first time, after its status."""
        message = await self._http.receive_output(timeout=SOON)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.lower() for name, _ in message["headers"]}
            message = await self._http.receive_output(timeout=SOON)
        text: str = message["body"].decode()
        return text

    async def read_to_end(self) -> str:
        text = ""
        while True:
            message = await self._http.receive_output(timeout=SOON)
            self.status = message.get("status", self.status)
            text += str(message.get("body", b""), "utf-8")
            if message["type"] == "http.response.body" and not message.get("more_body"):
                return text

    async def json(self) -> Any:
        return json.loads(await self.read_to_end())

    async def hang_up(self) -> None:
        await self._http.send_input({"type": "http.disconnect"})
        await self._http.wait(timeout=SOON)


@pytest.fixture
def token(ada: User) -> str:
    return tokens.issue(ada, "test", tuple(Scope)).text


@pytest.fixture
def never_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a wake-up can end a wait."""
    monkeypatch.setattr(closings, "POLL", 3600.0)
    monkeypatch.setattr(subscribe, "POLL", 3600.0)


def _decide(asked: Any, user: User) -> Awaitable[Any]:
    answer = Answer(value={"amount": 1}, user=user)
    return sync_to_async(Handler(asked.run_id).respond)(asked.request_id, answer)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not is_so():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("never_polling")
async def test_who_waits_hears_of_the_decision_at_once(ada: User, token: str) -> None:
    asked = await sync_to_async(make_request)()
    address = f"/requests/{asked.pk}/decision"
    asking = [await Asking(address, token, wait=60).begin() for _ in range(3)]
    assert all([await each.is_waiting() for each in asking])

    await _decide(asked, ada)

    for each in asking:
        told = await each.json()
        assert (each.status, told["status"]) == (200, "answered")
        assert told["decision"]["response"] == {"amount": 1}


async def test_a_wait_ends_in_time_with_what_is(token: str) -> None:
    asked = await sync_to_async(make_request)()
    asking = await Asking(f"/requests/{asked.pk}/decision", token, wait=0.3).begin()

    told = await asking.json()

    assert (asking.status, told["status"], told["decision"]) == (200, "open", None)


async def test_a_lost_wake_up_costs_a_delay_only(
    ada: User, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closings, "POLL", 0.1)
    monkeypatch.setattr(closings, "request_topic", lambda _: "deaf")
    asked = await sync_to_async(make_request)()
    asking = await Asking(f"/requests/{asked.pk}/decision", token, wait=60).begin()
    assert await asking.is_waiting()

    await _decide(asked, ada)

    assert (await asking.json())["status"] == "answered"


async def test_rights_are_asked_for_again_after_a_wait(ada: User, token: str) -> None:
    asked = await sync_to_async(make_request)()
    asking = await Asking(f"/requests/{asked.pk}/decision", token, wait=60).begin()
    assert await asking.is_waiting()

    await ApiToken.objects.aupdate(expires_at="2020-01-01T00:00Z")
    await _decide(asked, ada)

    assert (await asking.json())["error"]["code"] == "unauthorized"
    assert asking.status == 401


async def test_what_one_may_not_see_is_not_waited_for(eve: User) -> None:
    asked = await sync_to_async(make_request)()
    text = (await sync_to_async(tokens.issue)(eve, "x", [Scope.ASK])).text
    asking = await Asking(f"/requests/{asked.pk}/decision", text, wait=60).begin()

    await asking.read_to_end()

    assert asking.status == 404


async def test_who_is_gone_is_not_waited_for(token: str) -> None:
    asked = await sync_to_async(make_request)()
    asking = await Asking(f"/requests/{asked.pk}/decision", token, wait=60).begin()
    await until(lambda: bool(hub()._waiting))

    await asking.hang_up()

    await until(lambda: not hub()._waiting)
    assert hub()._pool is None


@pytest.mark.usefixtures("never_polling")
async def test_many_wait_without_threads_and_connections(ada: User, token: str) -> None:
    asked = await sync_to_async(make_request)()
    address = f"/requests/{asked.pk}/decision"
    await sync_to_async(ApiToken.objects.update)(rate=10_000)
    first = await Asking(address, token, wait=60).begin()
    await until(lambda: hub()._waiting == 1)
    threads = threading.active_count()

    many = [await Asking(address, token, wait=60).begin() for _ in range(40)]
    await until(lambda: hub()._waiting == 41)

    assert threading.active_count() <= threads + THREADS_OF_THE_POOL
    assert await _count_connections() <= THOSE_OF_THE_POOLS
    await _decide(asked, ada)
    statuses = [(await each.json())["status"] for each in (first, *many)]
    assert set(statuses) == {"answered"}


@sync_to_async
def _count_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("never_polling")
async def test_the_next_line_is_waited_for(token: str) -> None:
    run = await sync_to_async(make_run)()
    address, last = f"/runs/{run.pk}/events", run.last_number
    asking = await Asking(address, token, wait=60, after=last).begin()
    assert await asking.is_waiting()

    await sync_to_async(Handler(run.pk).abort)()

    told = await asking.json()
    assert told["items"][0]["number"] == last + 1
    assert told["items"][-1]["kind"] == "run_aborted"
    assert told["is_over"]


THREADS_OF_THE_POOL = (os.cpu_count() or 1) + 4
"""To which asyncio's own pool grows, and stays; the forty that wait need none of them."""

THOSE_OF_THE_POOLS = 16
"""Django's, the hub's, one that listens, one that notifies: however many wait."""


async def wait_for_news(token: str) -> Asking:
    """Ask until nothing is left to tell: what is new comes late while anybody writes."""
    after = "now"
    while True:
        asking = await Asking("/events", token, after=after, wait=60).begin()
        if await asking.is_waiting():
            return asking
        after = (await asking.json())["next"]


async def test_news_of_any_run_is_waited_for(token: str) -> None:
    run = await sync_to_async(make_run)()
    asking = await wait_for_news(token)

    await sync_to_async(Handler(run.pk).abort)()

    told = await asking.json()
    kinds = [item["kind"] for item in told["items"] if item["run_id"] == str(run.pk)]
    assert kinds[-1] == "run_aborted"


@pytest.mark.usefixtures("never_polling")
async def test_the_end_of_a_run_is_waited_for(token: str) -> None:
    run = await sync_to_async(make_run)()
    asking = await Asking(f"/runs/{run.pk}", token, wait=60).begin()
    await sync_to_async(Handler(run.pk).hold)()
    assert await asking.is_waiting()

    await sync_to_async(Handler(run.pk).abort)()

    assert (await asking.json())["status"] == "aborted"


STREAM = ("accept", "text/event-stream")


@pytest.mark.usefixtures("never_polling")
async def test_all_lines_come_as_server_sent_events(ada: User, token: str) -> None:
    asked = await sync_to_async(make_request)()
    run_id = asked.run_id
    asking = await Asking(f"/runs/{run_id}/events", token, STREAM).begin()

    beginning = await asking.read()
    await _decide(asked, ada)
    await sync_to_async(Handler(run_id).abort)()
    text = beginning + await asking.read_to_end()

    assert asking.status == 200
    ids = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]
    assert ids == list(range(1, len(ids) + 1))
    assert b"content-length" not in asking.headers
    assert "event: run_started\ndata: {" in beginning
    assert "event: run_aborted\n" in text
    assert text.endswith("event: end\ndata: {}\n\n")


async def test_a_stream_goes_on_where_it_stopped(token: str) -> None:
    run = await sync_to_async(make_run)()
    await sync_to_async(Handler(run.pk).abort)()
    last = ("last-event-id", str(run.last_number))
    address = f"/runs/{run.pk}/events"
    asking = await Asking(address, token, STREAM, last).begin()

    text = await asking.read_to_end()

    assert f"id: {run.last_number + 1}\n" in text
    assert f"id: {run.last_number}\n" not in text
    over = ("last-event-id", "999")
    again = await Asking(address, token, STREAM, over).begin()
    assert await again.read_to_end() == ""
    assert again.status == 204


async def test_a_silent_stream_is_alive_until_its_reader_may_read_no_more(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "HEARTBEAT", 0.1)
    monkeypatch.setattr(waiting, "RIGHTS_HOLD", 0.3)
    run = await sync_to_async(make_run)()
    asking = await Asking(f"/runs/{run.pk}/events", token, STREAM).begin()
    await asking.read()
    assert await asking.read() == ": alive\n\n"

    await ApiToken.objects.aupdate(expires_at="2020-01-01T00:00Z")

    assert "event: " not in await asking.read_to_end()


async def test_a_stream_that_sent_much_ends_and_is_come_back_to(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST_SENT", 10)
    run = await sync_to_async(make_run)()
    asking = await Asking(f"/runs/{run.pk}/events", token, STREAM).begin()
    await asking.read()

    await sync_to_async(Handler(run.pk).hold)()

    assert "event: end" not in await asking.read_to_end()
