"""Cases 1 to 9: running and routing."""

from decimal import Decimal
from time import monotonic

import pytest

from workflows_app.engine import (
    NoHandlerError,
    StalledError,
    StepFailedError,
    ValidationError,
)
from workflows_app.models import Run
from workflows_app.testing import play

from .flows import running
from .processes import Program, database_url
from .watching import count, on_postgres, see

pytestmark = pytest.mark.timeout(90)


@on_postgres
async def test_01_a_one_step_workflow_returns_its_input() -> None:
    for workflow in running.echoing:
        handler = await workflow.run_with_handler(message="hello")

        result = await handler.result(timeout=20)

        assert result.result == {"message": "hello"}
        assert await count(handler, "step_started") == 1


@on_postgres
async def test_02_a_custom_event_arrives_typed_and_the_last_step_gives_the_result() -> (
    None
):
    result = await running.ordering.run(item="pen", amount=3)

    assert result.result == {"item": "pen", "total": Decimal("0.30")}


def test_03_a_list_delivers_each_event_once_and_nothing_delivers_none() -> None:
    three = play(running.splitting, returned="three").completes([1, 2, 3])
    assert three.steps_run("take") == 3

    for nothing in ("empty", "none"):
        run = play(running.splitting, returned=nothing).fails("StalledError")
        assert run.steps_run("split") == 1
        assert run.steps_run("take") == 0


def test_04_a_sent_event_runs_the_next_step() -> None:
    run = play(running.sending).completes(4)

    assert run.steps_run("receive") == 1


def test_05_all_steps_that_accept_an_event_get_it_once_also_by_a_base_class() -> None:
    run = play(running.drawing).completes(["base Circle", "left 1.5", "right 1.5"])

    assert [run.steps_run(name) for name in ("left", "right", "of_base")] == [1, 1, 1]


def test_06_what_is_no_event_fails_the_run_by_step_and_type() -> None:
    for returned in running.ODD:
        run = play(running.returning_oddly, returned=returned)

        run.fails("TypeError", "'odd'").fails("TypeError", returned.split(" in ")[0])
        assert run.steps_run("receive") == 0


@on_postgres
async def test_07_an_event_that_no_step_accepts_fails_the_run_at_once() -> None:
    handler = await running.losing.run_with_handler()
    await see(handler, "step_started")
    began = monotonic()

    with pytest.raises(StepFailedError, match=r"nobody\.wants\.this") as failed:
        await handler.result(timeout=20)

    assert monotonic() - began < 1.0
    assert isinstance(failed.value.__cause__, NoHandlerError)
    assert failed.value.step_name == "lose"
    assert (await handler.snapshot()).values == {}


@on_postgres
async def test_08_a_run_with_nothing_left_to_do_stalls_at_once() -> None:
    handler = await running.stalling.run_with_handler()
    await see(handler, "step_started")
    began = monotonic()

    with pytest.raises(StalledError) as stalled:
        await handler.result(timeout=20)

    assert monotonic() - began < 1.0
    assert stalled.value.step_name == "stop_short"


START = """
from tests.conformance.flows.running import keyed

wait_for_word()
tell([
    str(keyed.start({"order": 7}, idempotency_key=f"k{n}").run_id) for n in range(10)
])
"""


@on_postgres
def test_09_one_idempotency_key_starts_one_run_from_any_process() -> None:
    first = running.keyed.start({"order": 7}, idempotency_key="k")
    assert running.keyed.start({"order": 7}, idempotency_key="k").run_id == first.run_id

    url = database_url()
    with Program(url, START) as one, Program(url, START) as other:
        assert [one.heard(), other.heard()] == ["ready", "ready"]
        one.give_word()
        other.give_word()
        ids = one.heard()
        assert other.heard() == ids

    assert len(set(ids)) == 10
    assert Run.objects.count() == 11
    with pytest.raises(ValidationError):
        running.keyed.start({"order": 8}, idempotency_key="k")
    assert Run.objects.count() == 11
    for run_id in ids:
        running.keyed.handler(run_id).sync.result(timeout=20)
