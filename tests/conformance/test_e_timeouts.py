"""Cases 49 to 56: timeouts."""

import builtins
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tries import shortest_async
from workflows_app.engine import (
    InputRequestEvent,
    TimeoutError,  # noqa: A004 - engine.md's name
    Workflow,
    step,
)

from .flows import slow
from .watching import all_events, count, lines, on_postgres, see

pytestmark = pytest.mark.timeout(90)

SOON = 1.0
"""Seconds from a limit to the moment at which the run has gone on (R36)."""


async def time_out(handler: Any) -> tuple[TimeoutError, float]:
    """The timeout that the run ends with, and how long after its limit it did."""
    with pytest.raises(TimeoutError) as late:
        await handler.result(timeout=20)
    first = await see(handler, "step_started", step=late.value.step_name or "")
    last = (await all_events(handler))[-1]
    seconds = (last.created_at - first.created_at).total_seconds()
    assert late.value.limit_seconds is not None
    return late.value, seconds - late.value.limit_seconds


@on_postgres
async def test_49_a_step_that_takes_too_long_ends_in_a_timeout_that_tells_all() -> None:
    async def oversleep() -> float:
        handler = await slow.oversleeping.run_with_handler()
        try:
            await handler.result(timeout=20)
        except builtins.TimeoutError as caught:
            late = caught
        assert isinstance(late, TimeoutError)
        assert (late.scope, late.step_name, late.attempt) == ("step", "oversleep", 1)
        assert (late.limit_seconds, late.run_id) == (0.3, str(handler.run_id))
        assert late.elapsed_seconds is not None
        return late.elapsed_seconds

    assert 0.3 <= await shortest_async(oversleep, limit=1.3) <= 1.3


@on_postgres
async def test_50_a_step_that_finishes_in_time_has_no_timeout() -> None:
    handler = await slow.in_time.run_with_handler()

    assert (await handler.result(timeout=20)).result == "in time"
    assert await count(handler, "step_timed_out") == 0


@on_postgres
async def test_51_a_run_that_takes_too_long_ends_in_a_timeout_with_its_active_step() -> (
    None
):
    async def cut() -> float:
        handler = await slow.slow_run.run_with_handler()
        late, after = await time_out(handler)
        assert (late.scope, late.active_steps) == ("workflow", ["sleep_long"])
        assert late.limit_seconds == 0.3
        assert await handler.status() == "timed_out"
        return after

    assert await shortest_async(cut, limit=SOON) <= SOON


@on_postgres
async def test_52_a_sync_step_that_blocks_its_thread_times_out() -> None:
    async def cut() -> float:
        late, after = await time_out(await slow.blocking.run_with_handler())
        assert (late.scope, late.step_name) == ("step", "block")
        return after

    assert await shortest_async(cut, limit=SOON) <= SOON


@on_postgres
async def test_53_async_steps_that_block_their_loop_time_out() -> None:
    async def cut() -> float:
        blocked = [await slow.blocking_loop.run_with_handler() for _ in range(4)]
        ends = [await time_out(handler) for handler in blocked]
        assert {(late.scope, late.step_name) for late, _ in ends} == {
            ("step", "block_loop")
        }
        return max(after for _, after in ends)

    assert await shortest_async(cut, limit=SOON) <= SOON


@on_postgres
async def test_53_async_steps_that_block_their_loop_harm_no_other_run(
    tmp_path: Path,
) -> None:
    end = tmp_path / "end"
    held = [await slow.holding_loop.run_with_handler(end=str(end)) for _ in range(4)]
    try:
        for handler in held:
            await see(handler, "step_started")

        other = await slow.asking.run_with_handler()
        await see(other, "run_waiting")
        await other.respond_to_input("ok", "yes")
        events = await all_events(other)

        texts = [e.text for e in events if e.event_type == "Written"]
        assert texts == ["before", "after"]
        assert (await other.result()).result == "yes"
        assert [await handler.status() for handler in held] == ["running"] * 4
    finally:
        end.touch()
    ends = [(await handler.result(timeout=20)).result for handler in held]
    assert ends == ["let go"] * 4


@on_postgres
async def test_54_eight_blocked_steps_end_with_their_run() -> None:
    async def cut() -> float:
        handler = await slow.blocking_all.run_with_handler()
        first = await see(handler, "step_completed", step="begin")
        begun = await see(handler, "step_started", after=first.seq)
        with pytest.raises(TimeoutError) as late:
            await handler.result(timeout=20)
        assert (late.value.scope, late.value.limit_seconds) == ("workflow", 2.0)
        blocked = [*["block_one"] * 4, *["block_one_loop"] * 4]
        assert sorted(late.value.active_steps) == blocked
        last = (await all_events(handler))[-1]
        return float((last.created_at - begun.created_at).total_seconds()) - 2.0

    assert await shortest_async(cut, limit=SOON) <= SOON


@on_postgres
async def test_55_waiting_for_a_place_does_not_count() -> None:
    handler = await slow.queueing.run_with_handler()

    assert (await handler.result(timeout=20)).result == [0, 1, 2, 3, 4, 5]

    assert await count(handler, "step_timed_out") == 0
    at_once, most = 0, 0
    for event in await all_events(handler):
        if event.source_step == "take_turns" and event.event_type == "lifecycle":
            at_once += {"step_started": 1, "step_completed": -1}.get(event.kind, 0)
            most = max(most, at_once)
    assert most == 2
    ends = await lines(handler, "step_completed", "take_turns")
    waited = ends[-1].created_at - ends[0].created_at
    assert waited.total_seconds() > 1.5, "as long as one of them may work"


def test_56_a_limit_that_cannot_be_is_refused_at_the_call() -> None:
    builder = Workflow.builder("e-limits")
    doors: list[Callable[[float], Any]] = [
        builder.timeout,
        builder.deadline,
        builder.step_timeout,
        lambda limit: step(slow.be_in_time.body, timeout=limit),
        lambda limit: Workflow("e-limits", [slow.be_in_time], timeout=limit),
        lambda limit: Workflow("e-limits", [slow.be_in_time], deadline=limit),
        lambda limit: Workflow("e-limits", [slow.be_in_time], step_timeout=limit),
        lambda limit: InputRequestEvent("ok", expires_in=limit),
    ]
    for door in doors:
        for limit in (0, -1, math.nan, math.inf):
            with pytest.raises(ValueError, match="must be"):
                door(limit)
