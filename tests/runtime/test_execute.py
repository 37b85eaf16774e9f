"""What becomes of a step's body, whatever it does."""

import asyncio
import os
import sys
from threading import Event as Gate
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connections

from tests.attempts import Notes, run_attempt
from tests.factories import make_run, start_run
from workflows_app.engine import (
    DECLINE,
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    NonRetryable,
    ProgressEvent,
    Retry,
    RetryAfter,
    StartEvent,
    Step,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.body import Outcome
from workflows_app.engine.context import Cut
from workflows_app.engine.errors import DuplicateRequestError
from workflows_app.engine.state import EventRecord
from workflows_app.engine.ticks import (
    CallClaimed,
    StepCompleted,
    StepFailed,
    StepParked,
)
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.transition import apply
from workflows_app.runtime.worker.execute import Bodies, Granted

pytestmark = pytest.mark.django_db


BODIES = Bodies()


def grant(workflow: Workflow, **fields: Any) -> Granted:
    """The first attempt of a new run's first call."""
    return claim(start_run(workflow, **fields), 1)


def claim(run_id: UUID, call: int) -> Granted:
    granted = Granted.find(apply(run_id, CallClaimed(call, "test")))
    assert granted is not None
    return granted


def run_body(body: Any, notes: list[EventRecord] | None = None) -> Outcome:
    """The tick that one attempt of a one-step workflow ends in."""
    made = body if isinstance(body, Step) else step(body)
    granted = grant(Workflow("one-step", [made]))
    link = Notes(granted.start.call)
    ended = BODIES.start(granted, link).outcome.result(timeout=10)
    if notes is not None:
        notes += link.written
    return ended.tick


def test_sync_and_async_bodies_end_alike() -> None:
    def plain(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent(result=1)

    async def awaited(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent(result=1)

    first, second = run_body(plain), run_body(awaited)

    assert isinstance(first, StepCompleted)
    assert isinstance(second, StepCompleted)
    assert first.emitted == second.emitted


def test_what_is_sent_comes_before_what_is_returned() -> None:
    def both(ctx: Context, ev: StartEvent) -> Any:
        ctx.send_event(Event("first"))
        return Event("second")

    outcome = run_body(both)

    assert isinstance(outcome, StepCompleted)
    kinds = [e.type for e in outcome.emitted if isinstance(e, EventRecord)]
    assert kinds == ["first", "second"]


@pytest.mark.parametrize("returned", ["text", {}, Event, [Event("ok"), "text"]])
def test_what_is_no_event_fails_naming_step_and_type(returned: object) -> None:
    def odd(ctx: Context, ev: StartEvent) -> Any:
        return returned

    outcome = run_body(odd)

    assert isinstance(outcome, StepFailed)
    assert outcome.error_type == "TypeError"
    assert "'odd'" in outcome.message


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()]
)
def test_whatever_a_body_raises_is_its_failure(error: BaseException) -> None:
    def raises(ctx: Context, ev: StartEvent) -> StopEvent:
        raise error

    outcome = run_body(raises)

    assert isinstance(outcome, StepFailed)
    assert outcome.error_type == type(error).__name__
    assert "raises" in outcome.traceback


def test_a_step_knows_who_it_is() -> None:
    def tells(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent(result=[ctx.workflow_name, ctx.step_name, ctx.attempt])

    outcome = run_body(tells)

    assert isinstance(outcome, StepCompleted)
    assert outcome.emitted[0].result == '["one-step","tells",1]'  # type: ignore[union-attr]


def test_progress_is_handed_over_while_the_step_runs() -> None:
    written: list[EventRecord] = []

    def works(ctx: Context, ev: StartEvent) -> StopEvent:
        ctx.write_event_to_stream(ProgressEvent(message="half"))
        return StopEvent()

    run_body(works, written)

    assert [record.type for record in written] == ["ProgressEvent"]


def test_a_value_that_cannot_be_stored_fails_the_step_with_its_path() -> None:
    def stores(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent(result={"items": [os.sep, object()]})

    outcome = run_body(stores)

    assert isinstance(outcome, StepFailed)
    assert outcome.error_type == "SerializationError"
    assert "$.items[1]" in outcome.message


def test_a_question_that_was_asked_before_fails_the_run_and_not_the_worker() -> None:
    def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        return InputRequestEvent("same", "Well?")

    def again(ctx: Context, ev: InputResponseEvent) -> Any:
        return InputRequestEvent("same", "And now?")

    run = make_run(Workflow("repeats", [step(ask), step(again)]))
    Handler(run.pk).respond("same", Answer())
    ended, _ = run_attempt(claim(run.pk, 2))

    with pytest.raises(DuplicateRequestError, match="'same'"):
        apply(run.pk, ended.tick)


@pytest.mark.django_db(transaction=True)
def test_a_body_that_reads_tables_leaves_no_connection_in_its_thread() -> None:
    seen: list[Any] = []

    def reads(ctx: Context, ev: StartEvent) -> StopEvent:
        User.objects.count()
        seen.append(connections["default"])  # this thread's
        seen.append(connections["default"].connection)
        return StopEvent()

    assert isinstance(run_body(reads), StepCompleted)

    assert seen[1] is not None
    assert seen[0].connection is None


def test_a_body_that_cancels_itself_fails_with_a_reason() -> None:
    async def cancels(ctx: Context, ev: StartEvent) -> StopEvent:
        raise asyncio.CancelledError

    outcome = run_body(cancels)

    assert isinstance(outcome, StepFailed)
    assert "CancelledError" in outcome.error_type


def test_an_error_without_a_text_is_told_by_its_kind() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    def raises(ctx: Context, ev: StartEvent) -> StopEvent:
        raise MuteError

    outcome = run_body(raises)

    assert isinstance(outcome, StepFailed)
    assert "cannot be had" in outcome.message


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), 1e12])
def test_a_request_has_a_time_that_a_moment_can_be_told_from(limit: float) -> None:
    def asks(ctx: Context, ev: StartEvent) -> Any:
        return InputRequestEvent("q", "Well?", expires_in=limit)

    outcome = run_body(asks)

    assert isinstance(outcome, StepFailed)
    assert "expires_in" in outcome.message


def test_an_outcome_that_nobody_could_choose_is_not_offered() -> None:
    def asks(ctx: Context, ev: StartEvent) -> Any:
        return InputRequestEvent("q", "Well?", choices=["x" * 250, "y"])

    outcome = run_body(asks)

    assert isinstance(outcome, StepFailed)
    assert "key of an outcome" in outcome.message


def test_names_are_a_list_and_not_a_text() -> None:
    with pytest.raises(TypeError, match="assignees"):
        InputRequestEvent("q", "Well?", assignees="ada")


# Failures that may be tried again (R41)


class Typed(Event):
    amount: int


@pytest.mark.parametrize(
    ("error", "retryable", "delay"),
    [
        (ValueError("again"), True, None),
        (NonRetryable("never"), False, None),
        (RetryAfter(7.5), True, 7.5),
        (KeyError("given up"), False, None),
        (DuplicateRequestError("asked before"), False, None),
    ],
)
def test_the_exception_says_whether_another_attempt_makes_sense(
    error: Exception, retryable: bool, delay: float | None
) -> None:
    @step(retry=Retry(3, give_up_on=KeyError))
    def raises(ctx: Context, ev: StartEvent) -> StopEvent:
        raise error

    outcome = run_body(raises)

    assert isinstance(outcome, StepFailed)
    assert (outcome.retryable, outcome.delay) == (retryable, delay)
    assert 0 <= outcome.chance <= 1


@pytest.mark.parametrize("odd", ["text", [1], Typed])
def test_what_is_no_event_is_not_tried_again(odd: Any) -> None:
    @step(retry=Retry(3))
    def returns(ctx: Context, ev: StartEvent) -> Any:
        return odd

    outcome = run_body(returns)

    assert isinstance(outcome, StepFailed)
    assert not outcome.retryable


def test_an_event_with_fields_that_do_not_fit_is_not_tried_again() -> None:
    @step(retry=Retry(3))
    def makes(ctx: Context, ev: StartEvent) -> Typed:
        return Typed(amount="much")  # type: ignore[arg-type]

    @step
    def takes(ctx: Context, ev: Typed) -> StopEvent:
        return StopEvent()

    granted = grant(Workflow("misfit", [makes, takes]))
    outcome = run_attempt(granted)[0].tick

    assert isinstance(outcome, StepFailed)
    assert "ValidationError" in outcome.error_type
    assert not outcome.retryable


def test_without_a_retry_policy_nothing_is_tried_again() -> None:
    def raises(ctx: Context, ev: StartEvent) -> StopEvent:
        raise RetryAfter(1)

    outcome = run_body(raises)

    assert isinstance(outcome, StepFailed)
    assert not outcome.retryable


def test_code_that_is_not_here_fails_the_attempt_with_a_reason() -> None:
    def ends(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent()

    def other(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent()

    granted = grant(Workflow("moves", [step(ends)]))
    Workflow("moves", [step(other)])
    outcome = BODIES.start(granted, Notes(granted.start.call)).outcome.result(10).tick

    assert isinstance(outcome, StepFailed)
    assert outcome.error_type == "IncompatibleSnapshotError"


# What a body does beside returning


def test_a_list_that_is_returned_is_told_apart_from_what_was_sent() -> None:
    def fans(ctx: Context, ev: StartEvent) -> Any:
        ctx.send_event(Event("before"))
        return [Event("a"), Event("b")]

    def one(ctx: Context, ev: StartEvent) -> Any:
        return Event("a")

    def none(ctx: Context, ev: StartEvent) -> Any:
        return []

    fanouts = [outcome.fanout for outcome in map(run_body, (fans, one, none))]  # type: ignore[union-attr]
    assert fanouts == [2, None, 0]


def test_asking_in_mid_body_parks_the_call_and_leaves_nothing() -> None:
    async def asks(ctx: Context, ev: StartEvent) -> StopEvent:
        ctx.set("staged", 1)
        return StopEvent(result=await ctx.request_input("name", "Your name?"))

    outcome = run_body(asks)

    assert isinstance(outcome, StepParked)
    assert (outcome.call, outcome.attempt, outcome.key) == (1, 1, "name")


def test_session_objects_meet_later_steps_of_the_run() -> None:
    def opens(ctx: Context, ev: StartEvent) -> StopEvent:
        ctx.session.set("connection", object())
        return StopEvent()

    outcome = run_body(opens)

    assert isinstance(outcome, StepCompleted)
    assert outcome.session_keys == ("connection",)


def test_exiting_inside_a_task_of_a_body_leaves_the_loop_to_others() -> None:
    async def leaves(ctx: Context, ev: StartEvent) -> StopEvent:
        async def leave() -> None:
            sys.exit(1)

        await asyncio.gather(asyncio.create_task(leave()), return_exceptions=True)
        return StopEvent(result="left")

    async def stays(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent(result="here")

    assert isinstance(run_body(leaves), StepCompleted)
    assert isinstance(run_body(stays), StepCompleted)


# The input handler (R21)


def handled(handler: Any) -> Any:
    """What the attempt of a workflow's input handler ends with."""

    def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        return InputRequestEvent("name", "Your name?", {"why": "to greet"})

    def greet(ctx: Context, ev: InputResponseEvent) -> StopEvent:
        return StopEvent()

    workflow = Workflow("handled", [step(ask), step(greet)], input_handler=handler)
    run_id = start_run(workflow)
    apply(run_id, run_attempt(claim(run_id, 1))[0].tick)
    return run_attempt(claim(run_id, 2))[0]


def test_the_input_handler_sees_the_request_and_its_answer_is_a_vote() -> None:
    seen: list[InputRequestEvent] = []

    def answers(request: InputRequestEvent) -> dict[str, str]:
        seen.append(request)
        return {"name": "Ada"}

    ended = handled(answers)

    assert isinstance(ended.tick, StepCompleted)
    assert (ended.tick.emitted, ended.tick.changes) == ((), ())
    assert (ended.vote.request_id, ended.vote.answer) == ("name", {"name": "Ada"})
    assert (ended.vote.responder.name, ended.vote.door) == ("input_handler",) * 2
    assert (seen[0].request_id, seen[0].prompt) == ("name", "Your name?")
    assert seen[0].metadata == {"why": "to greet"}


def test_an_async_input_handler_may_give_outcome_and_reason() -> None:
    async def answers(request: InputRequestEvent) -> InputResponseEvent:
        return InputResponseEvent("name", 5, outcome="submit", reason="known")

    vote = handled(answers).vote

    assert (vote.answer, vote.outcome, vote.reason) == (5, "submit", "known")


def test_an_input_handler_that_declines_gives_no_answer() -> None:
    ended = handled(lambda request: DECLINE)

    assert isinstance(ended.tick, StepCompleted)
    assert ended.vote is None


def test_an_input_handler_that_raises_gives_no_answer() -> None:
    def raises(request: InputRequestEvent) -> None:
        raise ValueError("no idea")

    ended = handled(raises)

    assert isinstance(ended.tick, StepFailed)
    assert ended.vote is None


# Loops that are blocked (R37)


def test_a_body_that_has_not_begun_is_moved_off_a_blocked_loop() -> None:
    gate, entered = Gate(), Gate()

    async def blocks(ctx: Context, ev: StartEvent) -> StopEvent:
        entered.set()
        gate.wait(10)
        return StopEvent(result="at last")

    async def quick(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent(result="quick")

    bodies = Bodies()
    first = grant(Workflow("blocks", [step(blocks)]))
    second = grant(Workflow("quick", [step(quick)]))
    blocked = bodies.start(first, Notes(first.start.call))
    assert entered.wait(5)
    moved = bodies.start(second, Notes(second.start.call))
    bodies.rescue(moved)
    bodies.rescue(blocked)

    assert isinstance(moved.outcome.result(5).tick, StepCompleted)
    assert not blocked.outcome.done()
    gate.set()
    assert isinstance(blocked.outcome.result(5).tick, StepCompleted)


def test_a_body_that_was_next_to_one_that_blocks_is_moved_too() -> None:
    gate, entered, held = Gate(), Gate(), Gate()

    async def blocks(ctx: Context, ev: StartEvent) -> StopEvent:
        entered.set()
        gate.wait(10)
        return StopEvent()

    async def quick(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent(result="quick")

    bodies = Bodies()
    first, second = (grant(Workflow("both", [step(b)])) for b in (quick, quick))
    bodies.start(first, Notes(first.start.call)).outcome.result(5)
    bodies._loops[0].loop.call_soon_threadsafe(held.wait, 10)
    third = grant(Workflow("blocks", [step(blocks)]))
    blocked = bodies.start(third, Notes(third.start.call))
    moved = bodies.start(second, Notes(second.start.call))
    held.set()  # both begin in one turn of the loop
    assert entered.wait(5)
    bodies.rescue(moved)

    assert isinstance(moved.outcome.result(5).tick, StepCompleted)
    gate.set()
    assert isinstance(blocked.outcome.result(5).tick, StepCompleted)


def test_a_body_that_is_cancelled_tells_when_it_has_stopped() -> None:
    started, cleaned = Gate(), Gate()

    async def sleeps(ctx: Context, ev: StartEvent) -> StopEvent:
        try:
            started.set()
            await asyncio.sleep(60)
        finally:
            cleaned.set()
        return StopEvent()

    bodies, granted = Bodies(), grant(Workflow("sleeps", [step(sleeps)]))
    running = bodies.start(granted, Notes(granted.start.call))
    assert started.wait(5)
    running.cancel()

    with pytest.raises(Cut):
        running.outcome.result(5)
    assert cleaned.is_set()
