"""Stories through the real doors of real processes, without a browser."""

import json
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import httpx
import pytest

from .house import House, hidden_fields, wait_for

pytestmark = pytest.mark.timeout(180)

SLEEPY = """
    import time
    from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step

    class Nap(StartEvent):
        seconds: float = 60.0

    @step(timeout=0.5)
    def sync_nap(ctx: Context, ev: Nap) -> StopEvent:
        time.sleep(ev.seconds)
        return StopEvent()

    @step(timeout=0.5)
    async def async_nap(ctx: Context, ev: Nap) -> StopEvent:
        time.sleep(ev.seconds)
        return StopEvent()

    @step(timeout=0.5)
    def busy_nap(ctx: Context, ev: Nap) -> StopEvent:
        return StopEvent(result=len(bin(7 ** 40_000_000)))

    @step
    def unlimited_nap(ctx: Context, ev: Nap) -> StopEvent:
        time.sleep(ev.seconds)
        return StopEvent()

    @step
    async def awake(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent()

    Workflow("awake", [awake])
    Workflow("sync-nap", [sync_nap])
    Workflow("async-nap", [async_nap])
    Workflow("busy-nap", [busy_nap])
    Workflow("long-run", [unlimited_nap], timeout=0.5)
"""

ASK = """
    from workflows_app.engine import (
        Context, InputRequestEvent, InputResponseEvent, StartEvent, StopEvent,
        Workflow, step,
    )

    @step
    def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        ctx.state.set("before", "kept")
        return InputRequestEvent("ok", "Go on?", choices=["yes", "no"])

    @step
    def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
        return StopEvent(result=[ctx.state["before"], ev.response])

    asking = Workflow("asking", [ask, end])
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An author's own app, with no workflow in it yet."""
    flows = tmp_path_factory.mktemp("author") / "shop" / "flows"
    flows.mkdir(parents=True)
    (flows.parent / "__init__.py").touch()
    (flows / "__init__.py").touch()
    return flows


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> object:
    """A house in which that app is installed."""
    path = str(shop.parents[1])
    data = tmp_path_factory.mktemp("house") / "var"
    house = House(data, HOLDPOINT_APPS="shop", PYTHONPATH=path).start()
    yield house
    house.stop()


def write_flow(shop: Path, name: str, code: str) -> None:
    (shop / f"{name}.py").write_text(textwrap.dedent(code))


def start(house: House, client: httpx.Client, workflow: str, **fields: str) -> str:
    """Start a run from the form; its id. The form is there once a worker offers it."""
    path = f"/runs/start/{workflow}/"
    page = wait_for(lambda: _page(client, path), seconds=30)
    reply = client.post(path, data={**hidden_fields(page), **fields})
    assert reply.status_code == 303, reply.text
    return reply.headers["Location"].rstrip("/").rpartition("/")[2]


def _page(client: httpx.Client, path: str) -> str | None:
    page = client.get(path)
    return page.text if page.status_code == 200 else None


def test_of_twenty_answers_through_two_web_processes_one_is_accepted(
    house: House,
) -> None:
    second = house.start_second_web()
    body = {"repository": {"full_name": "acme/api"}, "action": uuid4().hex}
    run_id = house.send(json.dumps(body).encode()).json()["run_id"]
    request_id = wait_for(lambda: house.question(run_id))
    people = [
        house.sign_in(name, url)
        for name in ("ada", "bob")
        for url in (house.url, second)
        for _ in range(5)
    ]
    barrier = Barrier(len(people))

    def answer(client: httpx.Client) -> httpx.Response:
        path = f"/requests/{request_id}/"
        page = client.get(path)
        assert page.status_code == 200
        hidden = hidden_fields(page.text)
        note = f"said by {id(client)}"  # the same from the same person is no conflict
        form = {**hidden, "outcome": "approve", "answer-note": note}
        barrier.wait(30)
        return client.post(path, data=form)

    with ThreadPoolExecutor(len(people)) as threads:
        replies = list(threads.map(answer, people))

    statuses = sorted(reply.status_code for reply in replies)
    assert statuses == [303, *[409] * 19]
    who = house.query("SELECT responder FROM workflows_app_inputresponse")[-1][0]
    lost = [reply.text for reply in replies if reply.status_code == 409]
    assert all(who in page.lower() for page in lost)
    wait_for(lambda: house.status(run_id) == "completed")
    assert house.kinds(run_id).count("input_received") == 1
    started = house.query(
        "SELECT count(*) FROM workflows_app_runevent "
        "WHERE run_id = %s AND kind = 'step_started' AND step = 'decide'",
        run_id,
    )
    assert started == [(1,)]


@pytest.mark.parametrize(
    ("workflow", "status", "scope"),
    [
        ("sync-nap", "failed", "step"),
        ("async-nap", "failed", "step"),
        ("busy-nap", "failed", "step"),
        ("long-run", "timed_out", "workflow"),
    ],
)
def test_a_step_that_blocks_past_its_limit_ends_in_a_timeout(
    house: House, shop: Path, workflow: str, status: str, scope: str
) -> None:
    write_flow(shop, "naps", SLEEPY)
    run_id = start(house, house.sign_in("ada"), workflow)

    wait_for(lambda: house.status(run_id) == status, seconds=30)

    error = house.query("SELECT error FROM workflows_app_run WHERE id = %s", run_id)
    assert json.loads(error[0][0])["scope"] == scope
    late = house.query(
        "SELECT extract(epoch FROM max(at) - min(at) FILTER (WHERE kind ="
        " 'step_started'))::float8 FROM workflows_app_runevent WHERE run_id = %s",
        run_id,
    )
    assert 0.4 < late[0][0] < 3.0


def test_async_steps_go_on_after_one_has_blocked_their_loop(
    house: House, shop: Path
) -> None:
    write_flow(shop, "naps", SLEEPY)
    ada = house.sign_in("ada")
    blocked = [start(house, ada, "async-nap") for _ in range(2)]
    for run_id in blocked:
        wait_for(lambda run=run_id: house.status(run) == "failed", seconds=30)  # type: ignore[misc]

    after = [start(house, ada, "awake", **{"answer-value": "{}"}) for _ in range(4)]

    for run_id in after:
        wait_for(lambda run=run_id: house.status(run) == "completed", seconds=30)  # type: ignore[misc]


def test_an_answer_waits_for_the_code_of_its_step(house: House, shop: Path) -> None:
    write_flow(shop, "renamed", ASK.replace('"asking"', '"renamed"'))
    ada = house.sign_in("ada")
    run_id = start(house, ada, "renamed", **{"answer-value": "{}"})
    request_id = wait_for(lambda: house.question(run_id))

    write_flow(
        shop, "renamed", ASK.replace('"asking"', '"renamed"').replace(" end", " e2")
    )
    wait_for(lambda: house.steps("renamed") == ["ask", "e2"], seconds=30)
    page = ada.get(f"/requests/{request_id}/")
    form = {**hidden_fields(page.text), "outcome": "yes"}
    assert ada.post(f"/requests/{request_id}/", data=form).status_code == 303
    wait_for(lambda: house.status(run_id) == "running")  # the time to undo is over

    write_flow(shop, "renamed", ASK.replace('"asking"', '"renamed"'))
    wait_for(lambda: house.status(run_id) == "completed", seconds=30)


def test_a_new_file_of_flows_is_picked_up_without_a_restart(
    house: House, shop: Path
) -> None:
    web = house.pids("web")

    write_flow(shop, "asking", ASK)
    run_id = start(house, house.sign_in("ada"), "asking", **{"answer-value": "{}"})

    request_id = wait_for(lambda: house.question(run_id))
    ada = house.sign_in("ada")
    page = ada.get(f"/requests/{request_id}/")
    form = {**hidden_fields(page.text), "outcome": "yes"}
    assert ada.post(f"/requests/{request_id}/", data=form).status_code == 303
    wait_for(lambda: house.status(run_id) == "completed")
    assert house.pids("web") == web


HERE = """
import asyncio, django, sys
django.setup()
from shop.flows.asking import asking

async def main():
    handler = await asking.run_with_handler()
    async for line in handler.stream_events():
        if line.kind == "run_waiting":
            break
    snapshot = await handler.pause()
    print(snapshot.dump())

asyncio.run(main())
"""
THERE = """
import asyncio, django, sys
django.setup()
from workflows_app.engine import Workflow
from workflows_app.models import Run
from shop.flows import asking

async def main():
    assert not await Run.objects.aexists()
    handler = await Workflow.resume(open(sys.argv[1]).read())
    print([request.request_id for request in await handler.pending_requests()])
    receipt = await handler.respond_to_input("ok", "yes")
    assert receipt.accepted
    print((await handler.result(timeout=30)).result)

asyncio.run(main())
"""


def test_a_paused_run_is_resumed_by_another_process_on_an_empty_database(
    house: House, shop: Path, tmp_path: Path
) -> None:
    write_flow(shop, "asking", ASK)
    wait_for(lambda: _page(house.sign_in("ada"), "/runs/start/asking/"), seconds=30)
    (tmp_path / "snapshot.json").write_text(house.run_python(HERE))
    there = House(
        tmp_path / "there", HOLDPOINT_APPS="shop", PYTHONPATH=str(shop.parents[1])
    )
    there.migrate()

    with there.worker():
        printed = there.run_python(THERE, str(tmp_path / "snapshot.json"))

    assert printed.split("\n")[:2] == ["['ok']", "['kept', 'yes']"]
    there.stop()
