"""Cases 10 to 18: streams and results."""

import asyncio
from contextlib import aclosing
from time import monotonic
from typing import Any

import pytest

from workflows_app.engine import (
    LifecycleEvent,
    NotFinishedError,
    StepFailedError,
    TimeoutError,  # noqa: A004 - engine.md's name
)

from .flows import streams
from .processes import database_url, run_program
from .watching import all_events, on_postgres, see

pytestmark = pytest.mark.timeout(90)


def numbers(events: list[Any]) -> list[int]:
    """Of what the steps of section B wrote."""
    return [event.number for event in events if event.event_type == "Told"]


@on_postgres
async def test_10_what_a_step_writes_arrives_live_in_order_between_its_begin_and_end() -> (
    None
):
    handler = await streams.telling.run_with_handler()
    events: list[Any] = []
    seen_at: dict[str, float] = {}

    async with asyncio.timeout(20):
        async for event in handler.stream_events():
            events.append(event)
            seen_at.setdefault(event.kind, monotonic())

    kinds = [event.kind for event in events]
    assert numbers(events) == [1, 2, 3]
    begin, end = kinds.index("step_started"), kinds.index("step_completed")
    assert kinds[begin + 1 : end] == ["progress"] * 3
    assert kinds[-1] == "run_completed"
    assert seen_at["step_completed"] - seen_at["progress"] > 0.5


@on_postgres
async def test_11_two_consumers_each_see_every_event() -> None:
    handler = await streams.telling.run_with_handler()

    one, other = await asyncio.gather(all_events(handler), all_events(handler))

    assert [e.to_dict() for e in one] == [e.to_dict() for e in other]
    assert numbers(one) == [1, 2, 3]


STREAM = """
from workflows_app.engine import Workflow

async def main():
    handler = Workflow.handler(sys.argv[1])
    for _ in range(2):
        tell([(e.seq, e.kind, e.event_type) async for e in handler.stream_events()])

asyncio.run(main())
"""


@on_postgres
async def test_12_a_new_process_replays_a_finished_run_to_its_end_each_time() -> None:
    handler = await streams.telling.run_with_handler()
    here = [[e.seq, e.kind, e.event_type] for e in await all_events(handler)]

    first, second = await asyncio.to_thread(
        run_program, database_url(), STREAM, str(handler.run_id)
    )

    assert first == here
    assert second == here
    assert first[0][:2] == [1, "run_started"]
    assert first[-1][1] == "run_completed"


@on_postgres
async def test_13_a_late_and_slow_consumer_gets_a_thousand_events_without_a_gap() -> (
    None
):
    handler = await streams.telling_much.run_with_handler()
    async with aclosing(handler.stream_events()) as events:
        async for event in events:
            if event.kind == "progress" and event.current == 500:
                break

    written: list[float] = []
    seqs: dict[int, None] = {}
    async with asyncio.timeout(40):
        async for event in handler.stream_events():
            seqs[event.seq] = None
            if event.kind == "progress":
                written.append(event.current)
                if event.current % 100 == 0:
                    await asyncio.sleep(0.1)  # the case: it is slow

    assert written == list(range(1, 1001))
    assert list(seqs) == list(range(1, len(seqs) + 1))


@on_postgres
async def test_14_a_consumer_that_was_cut_goes_on_after_its_last_event() -> None:
    handler = await streams.telling_much.run_with_handler()
    before = []
    async with aclosing(handler.stream_events()) as events:
        async for event in events:
            before.append(event.seq)
            if event.seq == 321:
                break

    async with asyncio.timeout(20):
        after = [e async for e in handler.stream_events(after=321)]

    assert before == list(range(1, 322))
    assert list(dict.fromkeys(e.seq for e in after)) == list(
        range(322, after[-1].seq + 1)
    )
    lifecycle = [e.seq for e in after if isinstance(e, LifecycleEvent)]
    assert len(lifecycle) == len(set(lifecycle))
    assert after[-1].kind == "run_completed"


@on_postgres
async def test_15_an_exception_is_told_by_the_stream_which_ends_and_by_the_result() -> (
    None
):
    handler = await streams.breaking.run_with_handler()

    events = await all_events(handler)

    assert [event.kind for event in events[-2:]] == ["step_failed", "run_failed"]
    for event in events[-2:]:
        assert event.error["error_type"] == "ValueError"
        assert event.error["message"] == "It broke."
    with pytest.raises(StepFailedError, match=r"It broke\."):
        await handler.result()


@on_postgres
async def test_16_a_timeout_is_told_with_limit_and_active_steps_and_ends_the_stream() -> (
    None
):
    for workflow, kind, last, step in (
        (streams.late_step, "step_timed_out", "run_failed", "dawdle"),
        (streams.late_run, "run_timed_out", "run_timed_out", "idle"),
    ):
        handler = await workflow.run_with_handler()

        events = await all_events(handler)

        told = next(event for event in events if event.kind == kind)
        assert told.error["limit_seconds"] == 0.3
        assert told.error["active_steps"] == [step]
        assert events[-1].kind == last
        with pytest.raises(TimeoutError):
            await handler.result()


@on_postgres
async def test_17_waiting_for_a_result_may_be_cancelled_or_given_up_without_harm() -> (
    None
):
    handler = await streams.napping.run_with_handler()
    tasks = [asyncio.create_task(handler.result(timeout=20)) for _ in range(3)]
    hasty = asyncio.create_task(handler.result(timeout=0.1))
    await see(handler, "step_started")
    tasks[0].cancel()

    results = await asyncio.gather(*tasks, hasty, return_exceptions=True)

    assert isinstance(results[0], asyncio.CancelledError)
    assert [r.result for r in results[1:3]] == ["rested", "rested"]  # type: ignore[union-attr]
    assert isinstance(results[3], NotFinishedError)
    assert not isinstance(results[3], TimeoutError)
    assert (await handler.result()).result == "rested"


@on_postgres
async def test_18_one_task_awaits_the_result_while_another_pauses_resumes_and_answers() -> (
    None
):
    handler = await streams.asking.run_with_handler()
    waiting = asyncio.create_task(handler.result(timeout=30))
    await see(handler, "run_waiting")

    snapshot = await handler.pause()
    await handler.resume_in_place()
    receipt = await handler.respond_to_input("go-on", "yes")

    assert snapshot.quiescent
    assert receipt.accepted
    assert (await waiting).result == "yes"
