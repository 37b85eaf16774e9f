"""Cases 62 to 67: state, fan-in, children, values, validation."""

import math
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from workflows_app.engine import (
    Event,
    Retry,
    RunAbortedError,
    SerializationError,
    StepFailedError,
    Workflow,
    step,
)
from workflows_app.models import Run
from workflows_app.testing import Play, play, survive_crashes

from . import invalid
from .flows import state
from .races import race
from .watching import count, on_postgres, see

pytestmark = pytest.mark.timeout(90)


@on_postgres
async def test_62_twenty_steps_at_once_add_up_by_increments_and_by_being_run_again() -> (
    None
):
    handler = await state.incrementing.run_with_handler()
    assert (await handler.result(timeout=40)).result == [20, 20]
    assert await count(handler, "step_conflicted") == 0

    handler = await state.adding.run_with_handler()
    assert (await handler.result(timeout=40)).result == [20, 20]
    assert await count(handler, "step_conflicted") > 0
    assert await count(handler, "step_completed", "read_and_add") == 20

    adds: list[Event] = [state.Add(number=number) for number in range(20)]
    for workflow in (state.adding, state.adding_in_turns):
        for seed in range(20):
            assert race(workflow, adds, state.Added(number=0), seed) == 20


def test_63_sets_of_events_are_collected_once_in_order_and_whatever_crashes() -> None:
    def collect() -> None:
        run = play(state.collecting, results=7)
        run.completes([[1, 2, 3], [4, 5, 6]])
        short = play(state.collecting, results=5).fails("StalledError")
        assert short.state == {"sets": [[1, 2, 3]]}
        mixed = [[["A", 3], ["B", 1], ["B", 2]], [["A", 5], ["B", 4], ["B", 6]]]
        play(state.collecting_mixed).completes(mixed)

    collect()
    assert survive_crashes(collect) > 40


def test_64_a_fan_out_joins_once_with_its_results_in_their_first_order() -> None:
    for many in (5, 1, 0):
        run = play(state.fanning_out, many=many).completes(list(range(many)))

        assert run.steps_run("join") == 1
    assert play(state.fanning_out, many=3).state["arrived"] != [0, 1, 2]


@on_postgres
async def test_65_children_ask_through_their_parent_and_parallel_ones_all_or_first() -> (
    None
):
    await answer_a_child()
    await wait_for_all()
    await take_the_first()
    await fail_with_a_child()


async def answer_a_child() -> None:
    handler = await state.asking_child.run_with_handler()
    told = await see(handler, "input_requested")
    (listed,) = await handler.pending_requests()
    assert told.request_id == listed.request_id == "approve"
    assert told.prompt == listed.prompt == "May we order pens?"
    assert listed.run_id != str(handler.run_id)
    assert await handler.pending_requests(include_children=False) == []
    await handler.respond_to_input("approve", "yes")
    assert (await handler.result(timeout=20)).result == "approved: yes"
    child = await Run.objects.aget(pk=listed.run_id)
    assert child.status == "completed"


async def wait_for_all() -> None:
    handler = await state.waiting_for_all.run_with_handler()
    assert (await handler.result(timeout=20)).result == ["slow pens", "fast pens"]

    handler = await state.failing_in_one.run_with_handler()
    with pytest.raises(StepFailedError, match="It broke"):
        await handler.result(timeout=20)
    assert await children_of(handler) == {
        "g-child-endless": "aborted",
        "g-child-broken": "failed",
    }


async def take_the_first() -> None:
    handler = await state.taking_the_first.run_with_handler()
    result = (await handler.result(timeout=20)).result
    assert result == ["g-child-fast", "fast pens"]
    assert await children_of(handler) == {
        "g-child-endless": "aborted",
        "g-child-broken": "failed",
        "g-child-fast": "completed",
    }

    handler = await state.failing_in_all.run_with_handler()
    with pytest.raises(StepFailedError, match="It broke"):
        await handler.result(timeout=20)


async def fail_with_a_child() -> None:
    handler = await state.failing_child.run_with_handler()
    with pytest.raises(StepFailedError) as failed:
        await handler.result(timeout=20)
    error = failed.value
    assert (error.step_name, error.attempt) == ("child", 1)
    cause = error.__cause__
    assert isinstance(cause, StepFailedError)
    assert (cause.step_name, cause.error_type) == ("break_down", "ValueError")
    assert await children_of(handler) == {"g-child-broken": "failed"}


async def children_of(handler: Any) -> dict[str, str]:
    """How the runs that worked for one have ended, by their workflow."""
    children = Run.objects.filter(parent_id=handler.run_id)
    ended = {}
    async for child in children:
        its_own = Workflow.handler(str(child.pk))
        with suppress(StepFailedError, RunAbortedError):
            await its_own.result(timeout=10)
        assert child.workflow not in ended
        ended[child.workflow] = str(await its_own.status())
    return ended


VALUES: dict[str, Any] = {
    "big": 2**70,
    "minus zero": -0.0,
    "nul": "a\u0000b",
    "order": {"z": 1, "a": 2, "m": {"y": 1, "b": 2}},
    "moment": datetime(2026, 2, 28, 12, 30, 15, 123456, tzinfo=UTC),
    "decimal": Decimal("0.10"),
    "bytes": b"\x00\xff",
    "set": {1, 2, 3},
    "none": None,
}


def assert_exact(value: dict[str, Any]) -> None:
    """Equal, of the same types, in the same order, with the same signs."""
    assert value == VALUES
    assert repr(value) == repr(VALUES)
    assert [type(each) for each in value.values()] == [
        type(each) for each in VALUES.values()
    ]
    assert math.copysign(1, value["minus zero"]) == -1


@on_postgres
async def test_66_values_come_back_exactly_and_what_cannot_is_refused_by_its_path() -> (
    None
):
    original = await state.carrying.run_with_handler(value=VALUES)
    await see(original, "run_waiting")
    text = (await original.pause()).dump()
    handler = await Workflow.resume(text, as_new_run=True)
    for run in (original, handler):
        await run.resume_in_place()
        await run.respond_to_input("value", VALUES)
        given = (await run.result(timeout=20)).result
        assert len(given) == 3
        for value in given:
            assert_exact(value)

    for name, odd in state.ODD.items():
        with pytest.raises(SerializationError) as refused:
            await state.carrying.run_with_handler(value=odd)
        assert "list[1]" in refused.value.path
        for where in ("state", "event", "result"):
            refuse_inside(play(state.keeping_odd, value=name, where=where))


def refuse_inside(run: Play) -> None:
    run.fails("SerializationError", "list[1]")


def test_67_everything_that_is_wrong_with_a_workflow_is_told_at_once() -> None:
    for steps in invalid.SOUND:
        assert invalid.Wrong(steps, "").errors == []
    for wrong in invalid.WRONG:
        assert any(wrong.problem in told for told in wrong.errors), wrong
    for problem in invalid.ALL_PROBLEMS:
        assert any(problem in told for told in invalid.ALL_WRONG.errors), problem
    for options in invalid.ODD_RETRIES:
        with pytest.raises(ValueError, match="must be"):
            Retry(**options)
    with pytest.raises(ValueError, match="must be"):
        step(invalid.only.body, timeout=0)
