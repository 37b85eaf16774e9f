"""What watchers of a run see: its lines as events."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from tests import families, flows
from tests.factories import make_run, run_steps
from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.errors import NotFinishedError, RunNotFoundError
from workflows_app.engine.events import LifecycleEvent
from workflows_app.runtime.durable import WorkflowHandler
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db
YES = Answer(value={"amount": 5}, outcome="approve")


class Counted(Event):
    """What a step tells while it works."""

    n: int


@step
def tells(ctx: Context, ev: StartEvent) -> StopEvent:
    """Tell three things."""
    for n in range(3):
        ctx.write_event_to_stream(Counted(n=n))
    return StopEvent(result="done")


@step
def fails(ctx: Context, ev: StartEvent) -> StopEvent:
    """Fail."""
    raise ValueError("no")


telling = Workflow("telling", [tells])
failing = Workflow("failing-in-stream", [fails])
discreet = Workflow("discreet", [tells], auto_publish_events=False)


def events_of(run_id: object, **wanted: Any) -> list[Event]:
    return list(Handler(str(run_id)).stream_events(follow=False, **wanted))


def kinds(events: list[Event]) -> list[str]:
    return [e.kind if isinstance(e, LifecycleEvent) else e.event_type for e in events]


def test_a_run_is_told_from_its_start_to_its_end() -> None:
    run = make_run(telling)

    events = events_of(run.pk)

    assert kinds(events) == [
        "run_started",
        "event_routed",
        "step_started",
        "Counted",
        "Counted",
        "Counted",
        "step_completed",
        "ProgressEvent",
        "run_completed",
    ]
    numbers = [event.seq for event in events if event.event_type != "ProgressEvent"]
    assert numbers == list(range(1, run.last_number + 1))
    assert {event.run_id for event in events} == {str(run.pk)}


def test_what_a_step_wrote_comes_as_it_was() -> None:
    run = make_run(telling)

    written = events_of(run.pk, types=[Counted])

    assert [e.to_dict() for e in written] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert [e.source_step for e in written] == ["tells"] * 3
    assert [e.kind for e in written] == ["progress"] * 3


def test_a_completed_step_is_progress() -> None:
    run = make_run(telling)

    progress = events_of(run.pk, types=["ProgressEvent"])

    assert [e.current for e in progress] == [1]  # type: ignore[attr-defined]


def test_a_question_comes_with_all_that_people_see() -> None:
    run = make_run()

    (asked,) = events_of(run.pk, types=[InputRequestEvent])

    assert isinstance(asked, InputRequestEvent)
    assert asked.request_id == "approve"
    assert asked.prompt.startswith("May this be done")
    assert asked.answer_schema is not None
    assert [o.key for o in asked.outcomes] == ["approve", "reject"]
    assert asked.kind == "input_requested"


def test_a_childs_question_comes_in_its_parents_stream() -> None:
    run = make_run(families.parent)

    (asked,) = events_of(run.pk, types=[InputRequestEvent])

    assert isinstance(asked, InputRequestEvent)
    assert asked.request_id == "ask-child"


def test_without_lifecycle_there_is_only_what_steps_told_and_asked() -> None:
    run = make_run(telling)

    assert kinds(events_of(run.pk, lifecycle=False)) == ["Counted"] * 3


def test_a_discreet_workflow_leaves_out_its_steps_and_nothing_else() -> None:
    run = make_run(discreet)

    assert kinds(events_of(run.pk)) == [
        "run_started",
        "Counted",
        "Counted",
        "Counted",
        "run_completed",
    ]


def test_a_failure_is_told_with_its_error() -> None:
    run = make_run(failing)

    failed = [e for e in events_of(run.pk) if isinstance(e, LifecycleEvent) and e.error]

    assert [e.kind for e in failed] == ["step_failed", "run_failed"]
    assert failed[0].error is not None
    assert failed[0].error["error_type"] == "ValueError"
    assert (failed[0].step_name, failed[0].attempt) == ("fails", 1)
    assert failed[0].call_id == f"{run.pk}/1"


def test_a_reader_goes_on_where_it_stopped() -> None:
    run = make_run(telling)

    rest = events_of(run.pk, after=run.last_number - 1)

    assert kinds(rest) == ["run_completed"]
    assert events_of(run.pk, after=run.last_number) == []


def test_what_is_no_event_type_is_refused() -> None:
    run = make_run(telling)

    with pytest.raises(TypeError):
        events_of(run.pk, types=[int])


def test_no_run_has_no_stream() -> None:
    with pytest.raises(RunNotFoundError):
        events_of("00000000-0000-7000-8000-000000000000")


def test_history_has_words_of_its_own() -> None:
    run = make_run()
    Handler(run.pk).respond("approve", YES)
    run = run_steps(run.pk)

    history = Handler(run.pk).history()

    assert [event.number for event in history] == list(range(1, run.last_number + 1))
    told = [event.kind for event in history]
    assert told[:4] == [
        "WorkflowStarted",
        "EventReceived",
        "StepDispatched",
        "StepCompleted",
    ]
    assert {"InputRequested", "WorkflowWaiting", "InputReceived"} <= set(told)
    assert told[-1] == "WorkflowCompleted"
    assert Handler(run.pk).history(after=len(history) - 1) == history[-1:]


def test_waiting_for_a_result_takes_no_longer_than_wanted() -> None:
    with pytest.raises(NotFinishedError):
        Handler(make_run().pk).result(timeout=0.01)


@pytest.mark.django_db(transaction=True)
def test_a_stream_is_followed_to_its_end_by_code_that_blocks() -> None:
    run = make_run()
    handler = Handler(run.pk)

    def watch() -> list[str]:
        try:
            return kinds(list(handler.stream_events(after=run.last_number)))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        watching = threads.submit(watch)
        handler.respond("approve", YES)
        run_steps(run.pk)
        assert watching.result(timeout=20)[-1] == "run_completed"


@pytest.mark.django_db(transaction=True)
def test_a_result_is_waited_for_by_code_that_blocks() -> None:
    run = make_run()
    handler = Handler(run.pk)

    def wait() -> Any:
        try:
            return handler.result(timeout=20).event.result
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(wait)
        handler.respond("approve", YES)
        run_steps(run.pk)
        assert waiting.result(timeout=20)["outcome"] == "approve"


def _go_on(run_id: Any) -> None:
    """As another process does."""
    try:
        Handler(run_id).respond("approve", YES)
        run_steps(run_id)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
async def test_a_stream_is_followed_and_iterated_twice() -> None:
    run_id = await sync_to_async(lambda: make_run().pk)()
    handler = WorkflowHandler(run_id)
    seen: list[Event] = []
    async for event in handler.stream_events():
        seen.append(event)
        if event.kind == "run_waiting":
            await asyncio.to_thread(_go_on, run_id)
    again = [event async for event in handler.stream_events(follow=False)]

    assert kinds(seen) == kinds(again)
    assert (await handler.result(timeout=5)).result["outcome"] == "approve"
    assert await handler.status() == "completed"


@pytest.mark.django_db(transaction=True)
async def test_the_verbs_are_there_for_async_code() -> None:
    run_id = await sync_to_async(lambda: make_run(flows.two_branches).pk)()
    handler = WorkflowHandler(run_id)

    assert [r.request_id for r in await handler.pending_requests()] == ["left", "right"]
    snapshot = await handler.pause(reason="lunch")
    assert snapshot.quiescent
    assert (await handler.respond_to_input("left", "yes")).accepted
    await handler.resume_in_place()
    assert (await handler.history())[-1].kind == "WorkflowResumed"
    with pytest.raises(NotFinishedError):
        await handler.result(timeout=0.01)
    await handler.abort("enough")
    await handler.abort("again")
    assert await handler.status() == "aborted"
    assert (await handler.snapshot()).run_id == str(run_id)
