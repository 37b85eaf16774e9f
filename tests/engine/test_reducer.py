"""The rules of a run, one tick at a time."""

from dataclasses import replace
from typing import Any

import pytest

from tests.engine.definitions import a_step, define
from tests.engine.story import Story
from tests.flows import APPROVE, REJECT, Asked, Left, Right, approval, two_branches
from workflows_app.engine import (
    Event,
    InputRequestEvent,
    InputResponseEvent,
    RunFinishedError,
    StartEvent,
    StopEvent,
    Workflow,
    emission,
    step,
)
from workflows_app.engine.commands import (
    CloseRequest,
    Finish,
    OpenRequest,
    RecordVote,
    Refuse,
    RunStep,
    SaveSnapshot,
    StartAttempt,
)
from workflows_app.engine.errors import (
    InvalidResponseError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    UnknownRequestError,
)
from workflows_app.engine.policy import Responder
from workflows_app.engine.reducer import reduce
from workflows_app.engine.state import EventRecord, State
from workflows_app.engine.ticks import (
    Aborted,
    CallClaimed,
    CallLost,
    Paused,
    RequestDue,
    Resumed,
    RunTimedOut,
    Started,
    StepCompleted,
    StepConflicted,
    StepFailed,
    StepTimedOut,
    VoteCast,
)

ADA = Responder("person", "ada", frozenset({"reviewers"}))


class Base(Event):
    """What the step accepts."""


class Special(Base):
    """What it gets."""


def _emitted(*events: Event) -> Any:
    return tuple(emission.as_emitted(list(events), "step"))


def question(**options: Any) -> InputRequestEvent:
    return InputRequestEvent("q", "Well?", outcomes=[APPROVE, REJECT], **options)


def waiting(**options: Any) -> Story:
    story = Story(approval)
    return story.complete(story.claim(), question(**options))


def refusal(story: Story) -> Exception:
    return story.of(Refuse)[0].error


def test_a_start_makes_a_call_for_each_step_that_accepts_it() -> None:
    story = Story(two_branches)

    assert [run.call.step for run in story.of(RunStep)] == ["split"]
    assert story.kinds == ["run_started", "event_routed"]


def test_a_claim_gives_out_the_next_attempt() -> None:
    story = Story(approval)

    call = story.claim()

    assert (call.attempt, call.running) == (1, True)
    assert story.of(StartAttempt)[0].limit == 300.0


def test_a_call_is_granted_to_one_worker_only() -> None:
    story = Story(approval)
    story.claim()

    story.tick(CallClaimed(1, "another"))

    assert story.commands == []


def test_each_event_of_a_list_reaches_its_step() -> None:
    story = Story(two_branches)

    story.complete(story.claim(), Left(), Right())

    assert [run.call.step for run in story.of(RunStep)] == ["ask_left", "ask_right"]


def test_a_step_that_accepts_a_base_class_gets_the_subclass() -> None:
    @step
    def begin(ctx: object, ev: StartEvent) -> Special:
        return Special()

    @step
    def take(ctx: object, ev: Base) -> StopEvent:
        return StopEvent()

    story = Story(Workflow("bases", [begin, take]))

    story.complete(story.claim(), Special())

    assert [run.call.step for run in story.of(RunStep)] == ["take"]


def test_an_event_that_no_step_accepts_fails_the_run_at_once() -> None:
    story = Story(approval)

    story.complete(story.claim(), Left())

    finish = story.of(Finish)[0]
    assert finish.status == "failed"
    assert finish.error is not None
    assert finish.error["error_type"] == "NoHandlerError"


def test_a_run_with_nothing_left_to_do_has_stalled() -> None:
    story = Story(approval)

    story.complete(story.claim())

    error = story.of(Finish)[0].error
    assert error is not None
    assert (error["type"], error["step_name"]) == ("StalledError", "ask")


def test_the_first_stop_event_ends_the_run_and_fences_the_others() -> None:
    story = Story(two_branches)
    story.complete(story.claim(), Left(), Right())
    left, right = story.claim(2), story.claim(3)

    story.complete(left, StopEvent(result="over"))

    assert story.of(Finish)[0].result == '"over"'
    assert not story.state.calls
    assert story.complete(right, StopEvent(result="late")).commands == []


def test_a_question_makes_the_run_wait_and_keeps_a_snapshot() -> None:
    story = waiting()

    assert story.state.status == "waiting"
    assert story.of(OpenRequest)[0].request.step == "ask"
    assert story.of(SaveSnapshot)[0].cause == "waiting"
    assert story.kinds[-2:] == ["input_requested", "run_waiting"]


def test_a_branch_goes_on_while_another_waits() -> None:
    story = Story(two_branches)
    story.complete(story.claim(), Left(), Right())

    story.complete(story.claim(2), InputRequestEvent("left", "Left?"))

    assert story.state.status == "running"
    assert story.of(SaveSnapshot) == []


def test_a_question_that_no_step_could_take_the_answer_of_is_not_asked() -> None:
    @step
    def only(ctx: object, ev: StartEvent) -> Any:
        return None

    story = Story(Workflow("deaf", [only]))

    story.complete(story.claim(), InputRequestEvent("q", "Well?"))

    assert story.of(OpenRequest) == []
    assert story.state.status == "failed"


def test_an_answer_closes_the_request_and_starts_the_next_step() -> None:
    story = waiting()

    story.tick(VoteCast("q", None, outcome="approve", responder=ADA))

    assert story.of(RecordVote)[0].vote.outcome == "approve"
    assert story.of(CloseRequest)[0].status == "answered"
    assert [run.call.step for run in story.of(RunStep)] == ["decide"]


def test_the_second_of_two_answers_is_refused() -> None:
    story = waiting()
    story.tick(VoteCast("q", None, outcome="approve"))

    story.tick(VoteCast("q", None, outcome="reject", reason="no"))

    assert isinstance(refusal(story), UnknownRequestError)
    assert len(story.commands) == 1


def test_an_answer_without_an_outcome_takes_the_primary_one() -> None:
    story = waiting().tick(VoteCast("q", None))

    assert story.of(RecordVote)[0].vote.outcome == "approve"


def test_a_reason_is_asked_for_where_the_outcome_needs_one() -> None:
    story = waiting().tick(VoteCast("q", None, outcome="reject"))

    error = refusal(story)
    assert isinstance(error, InvalidResponseError)
    assert error.errors[0][0] == ("reason",)
    assert "q" in story.state.requests


def test_an_answer_that_does_not_fit_the_schema_leaves_the_request_open() -> None:
    story = waiting(
        schema={"type": "object", "properties": {"ok": {"type": "boolean"}}}
    )

    story.tick(VoteCast("q", {"ok": "maybe"}))

    error = refusal(story)
    assert isinstance(error, InvalidResponseError)
    assert error.errors[0][0] == ("ok",)
    assert story.kinds[-1] == "input_rejected"
    assert "q" in story.state.requests


@pytest.mark.parametrize(
    "responder",
    [Responder("person", "eve"), Responder("person", "mia", frozenset({"reviewers"}))],
)
def test_only_those_who_are_asked_may_answer(responder: Responder) -> None:
    story = waiting(groups=["finance"]).tick(VoteCast("q", None, responder=responder))

    assert isinstance(refusal(story), NotAllowedError)
    assert "q" in story.state.requests


def test_an_answer_to_something_else_than_was_shown_is_refused() -> None:
    story = waiting().tick(VoteCast("q", None, digest="of another page"))

    assert isinstance(refusal(story), RequestChangedError)


def test_choices_alone_are_both_outcome_and_answer() -> None:
    story = Story(approval)
    story.complete(
        story.claim(), InputRequestEvent("q", "Well?", choices=["yes", "no"])
    )

    story.tick(VoteCast("q", None, outcome="no"))

    vote = story.of(RecordVote)[0].vote
    assert (vote.outcome, vote.answer) == ("no", '"no"')


def test_the_answer_of_a_finished_run_is_refused_with_its_status() -> None:
    story = waiting().tick(Aborted("olga"))

    story.tick(VoteCast("q", None))

    error = refusal(story)
    assert isinstance(error, RunFinishedError)
    assert error.status == "aborted"


def test_a_request_that_is_due_expires_with_its_event() -> None:
    story = waiting(expires_in=0.5, on_expire=InputResponseEvent(request_id="q"))

    story.tick(RequestDue("q"))

    assert story.of(CloseRequest)[0].status == "expired"
    assert [run.call.step for run in story.of(RunStep)] == ["decide"]


def test_a_request_that_expires_without_an_event_fails_the_run() -> None:
    story = waiting(expires_in=0.5).tick(RequestDue("q"))

    error = story.of(Finish)[0].error
    assert error is not None
    assert (error["type"], error["scope"]) == ("TimeoutError", "request")


def test_a_request_does_not_expire_early() -> None:
    assert waiting(expires_in=60).tick(RequestDue("q")).commands == []


def test_an_answer_after_the_time_is_over_is_refused() -> None:
    story = waiting(expires_in=0.5).tick(VoteCast("q", None))

    assert isinstance(refusal(story), RequestExpiredError)


def test_a_pause_holds_back_what_is_ready() -> None:
    story = Story(approval).tick(Paused("olga"))

    story.tick(CallClaimed(1, "worker"))

    assert story.commands == []


def test_a_pause_is_complete_when_nothing_runs_any_more() -> None:
    story = Story(two_branches)
    call = story.claim()
    story.tick(Paused("olga"))
    assert story.of(SaveSnapshot) == []

    story.complete(call, Left(), Right())

    assert story.of(SaveSnapshot)[0].cause == "paused"
    assert story.of(RunStep) == []


def test_a_paused_run_takes_an_answer_and_goes_on_after_the_pause() -> None:
    story = waiting().tick(Paused("olga"))

    story.tick(VoteCast("q", None))
    assert (story.of(RunStep), story.state.paused) == ([], True)

    story.tick(Resumed("olga"))
    assert [run.call.step for run in story.of(RunStep)] == ["decide"]


def test_resuming_never_answers_a_question() -> None:
    story = waiting().tick(Resumed("olga"))

    assert (story.commands, story.state.status) == ([], "waiting")


def test_a_lost_call_is_offered_again_as_the_next_attempt() -> None:
    story = Story(approval)
    call = story.claim()

    story.tick(CallLost(call.number, call.attempt))

    assert story.of(RunStep)[0].call.number == call.number
    assert story.claim().attempt == 2


def test_the_result_of_a_lost_attempt_is_discarded() -> None:
    story = Story(approval)
    call = story.claim()
    story.tick(CallLost(call.number, call.attempt))

    story.complete(call, StopEvent())

    assert story.kinds[-1] == "step_discarded"
    assert story.state.status == "running"


def test_so_is_a_lost_attempt_that_had_read_what_has_changed() -> None:
    story = Story(approval)
    call = story.claim()
    story.tick(CallLost(call.number, call.attempt))

    story.tick(StepConflicted(call.number, call.attempt, ("total",)))

    assert story.kinds[-1] == "step_discarded"


def test_a_call_that_is_lost_five_times_fails_the_run() -> None:
    story = Story(approval)
    for _ in range(5):
        call = story.claim()
        story.tick(CallLost(call.number, call.attempt))

    error = story.of(Finish)[0].error
    assert error is not None
    assert error["type"] == "StepLostError"


def test_a_loss_that_is_no_fault_of_the_call_does_not_count() -> None:
    story = Story(approval)
    for _ in range(9):
        call = story.claim()
        story.tick(CallLost(call.number, call.attempt, counts=False))

    assert story.state.status == "running"


def test_an_exception_in_a_step_fails_the_run() -> None:
    story = Story(approval)
    call = story.claim()

    story.tick(StepFailed(call.number, call.attempt, "ValueError", "no such order"))

    error = story.of(Finish)[0].error
    assert error is not None
    assert (error["error_type"], error["message"]) == ("ValueError", "no such order")
    assert story.kinds[-2:] == ["step_failed", "run_failed"]


def test_a_step_over_its_limit_fails_the_run_with_the_figures() -> None:
    story = Story(approval)
    call = story.claim()

    story.tick(StepTimedOut(call.number, call.attempt, limit=0.3, elapsed=0.31))

    error = story.of(Finish)[0].error
    assert error is not None
    assert (error["scope"], error["step_name"], error["limit_seconds"]) == (
        "step",
        "ask",
        0.3,
    )


def test_only_active_time_counts_for_the_timeout_of_a_run() -> None:
    workflow = Workflow("short", list(approval.steps.values()), timeout=3)
    story = Story(workflow)
    story.complete(story.claim(), question())  # one active second

    story.now += 3600  # a person thinks
    story.tick(RunTimedOut())
    assert not story.state.is_finished

    story.tick(VoteCast("q", None))
    story.claim()
    story.now += 3
    story.tick(RunTimedOut())
    assert story.kinds[-1] == "run_timed_out"


def test_everything_counts_for_the_deadline_of_a_run() -> None:
    workflow = Workflow("late", list(approval.steps.values()), deadline=60)
    story = Story(workflow)
    story.complete(story.claim(), question())

    story.now += 60
    story.tick(RunTimedOut())

    error = story.of(Finish)[0].error
    assert error is not None
    assert error["scope"] == "deadline"
    assert story.of(CloseRequest)[0].status == "withdrawn"


def test_an_abort_withdraws_what_is_asked() -> None:
    story = waiting().tick(Aborted("olga", "wrong branch"))

    assert story.of(CloseRequest)[0].status == "withdrawn"
    assert story.state.status == "aborted"


def test_a_second_abort_does_nothing() -> None:
    story = waiting().tick(Aborted("olga"))

    assert story.tick(Aborted("olga")).commands == []


def test_news_of_an_unknown_call_changes_nothing_but_the_log() -> None:
    story = Story(approval)
    before = story.state

    story.tick(StepCompleted(99, 1))

    assert story.state == before
    assert story.kinds[-1] == "step_discarded"


def test_a_typed_start_carries_its_fields() -> None:
    story = Story(approval, subject="Ship it?")

    assert story.claim().event.body == '{"subject":"Ship it?","groups":[]}'
    assert Asked.event_type == "Asked"


def test_a_run_that_is_to_begin_later_has_its_whole_time_then() -> None:
    definition = define(a_step("work"), deadline=60)
    start = Started(EventRecord("StartEvent", ("Event",), "{}"), not_before=5000.0)
    state, _ = reduce(definition, State(), replace(start, at=1000.0))

    early, _ = reduce(definition, state, RunTimedOut(at=5059.0))
    late, _ = reduce(definition, state, RunTimedOut(at=5060.0))

    assert (early.status, late.status) == ("running", "timed_out")


def test_a_pause_drops_what_is_in_memory_and_says_so_once() -> None:
    story = Story(two_branches)
    call = story.claim()
    kept = StepCompleted(
        call.number, call.attempt, _emitted(Left(), Right()), session_keys=("socket",)
    )
    story.tick(kept)

    for _ in range(2):
        story.tick(Paused("olga"))
        story.tick(Resumed("olga"))

    assert story.kinds.count("session_dropped") == 1
    assert (story.state.session_epoch, story.state.session_keys) == (1, ("socket",))
