"""What becomes of a step's body, whatever it does."""

import asyncio
import os
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections

from tests.factories import make_run, start_run
from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    ProgressEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.errors import DuplicateRequestError
from workflows_app.engine.state import EventRecord
from workflows_app.engine.ticks import CallClaimed, StepCompleted, StepFailed
from workflows_app.runtime.execute import Bodies, Granted, Outcome
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.transition import apply

pytestmark = pytest.mark.django_db


def run_body(body: Any, written: list[EventRecord] | None = None) -> Outcome:
    """The tick that one attempt of a one-step workflow ends in."""
    run_id = start_run(Workflow("one-step", [step(body)]))
    granted = Granted.find(apply(run_id, CallClaimed(1, "test")))
    assert granted is not None
    _, outcome = Bodies().start(granted, (written or []).append)
    return outcome.result(timeout=10)


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
    written: list[EventRecord] = [EventRecord("before", (), "{}")]

    def works(ctx: Context, ev: StartEvent) -> StopEvent:
        ctx.write_event_to_stream(ProgressEvent(message="half"))
        return StopEvent()

    run_body(works, written)

    assert [record.type for record in written] == ["before", "ProgressEvent"]


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
    granted = Granted.find(apply(run.pk, CallClaimed(2, "test")))
    assert granted is not None
    outcome = Bodies().start(granted, lambda record: None)[1].result(timeout=10)

    with pytest.raises(DuplicateRequestError, match="'same'"):
        apply(run.pk, outcome)


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
