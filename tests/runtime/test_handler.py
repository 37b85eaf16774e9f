"""The verbs, as every door calls them."""

import builtins

import pytest
from django.contrib.auth.models import User

from tests import flows
from tests.factories import let_pass, make_run, run_steps, start_run
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    InvalidResponseError,
    NotAllowedError,
    NotFinishedError,
    RequestExpiredError,
    RunAbortedError,
    RunFinishedError,
    RunNotFoundError,
    StepFailedError,
    TimeoutError,  # noqa: A004 - engine.md's name
    UnknownRequestError,
)
from workflows_app.engine.ticks import CallClaimed, StepFailed, StepTimedOut
from workflows_app.models import InputRequest, InputResponse
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.transition import apply

pytestmark = pytest.mark.django_db
YES = Answer(value={"amount": 5}, outcome="approve", idempotency_key="once")


def test_a_person_answers_by_name_and_door(ada: User) -> None:
    run = make_run()

    answer = Answer(value={"amount": 5}, outcome="approve", user=ada, door="browser")
    Handler(run.pk).respond("approve", answer)

    response = InputResponse.objects.get()
    assert (response.user, response.responder, response.door) == (ada, "ada", "browser")


def test_who_is_not_asked_may_not_answer(eve: User) -> None:
    run = make_run()

    with pytest.raises(NotAllowedError):
        Handler(run.pk).respond("approve", Answer(value={"amount": 5}, user=eve))

    assert not InputResponse.objects.exists()


def test_the_same_key_gets_the_first_receipt() -> None:
    handler = Handler(make_run().pk)
    first = handler.respond("approve", YES)

    again = handler.respond("approve", YES)

    assert again.duplicate
    assert again.at == first.at
    assert InputResponse.objects.count() == 1


def test_another_answer_is_told_who_was_first(ada: User, bob: User) -> None:
    handler = Handler(make_run().pk)
    first = Answer(value={"amount": 5}, outcome="approve", user=ada)
    handler.respond("approve", first)

    late = Answer(value={"amount": 6}, outcome="approve", user=bob)
    with pytest.raises(AlreadyAnsweredError) as refused:
        handler.respond("approve", late)

    assert refused.value.responder == "ada"
    assert refused.value.answer == {"amount": 5}


def test_the_first_answer_stands_also_when_the_run_is_over() -> None:
    run = make_run()
    handler = Handler(run.pk)
    handler.respond("approve", YES)
    run_steps(run.pk)

    assert handler.respond("approve", YES).duplicate


def test_an_unknown_request_is_not_answered() -> None:
    with pytest.raises(UnknownRequestError):
        Handler(make_run().pk).respond("other", YES)


def test_what_does_not_fit_is_told_with_its_path() -> None:
    run = make_run()

    with pytest.raises(InvalidResponseError) as refused:
        Handler(run.pk).respond("approve", Answer(value={"amount": 501}))

    assert refused.value.errors[0][0] == ("amount",)
    assert InputRequest.objects.get().status == "open"
    assert run.events.latest("number").kind == "input_rejected"


def test_an_aborted_run_takes_no_answer_and_says_why(olga: User) -> None:
    run = make_run()
    handler = Handler(run.pk)
    handler.abort(actor="olga", reason="wrong branch")

    with pytest.raises(RunFinishedError):
        handler.respond("approve", YES)
    with pytest.raises(RunAbortedError, match="wrong branch"):
        handler.result()
    assert InputRequest.objects.get().status == "withdrawn"


def test_an_expired_request_takes_no_answer() -> None:
    run = make_run(flows.hurried)
    let_pass(run.pk, 61)

    with pytest.raises(RequestExpiredError):
        Handler(run.pk).respond("well", Answer())
    with pytest.raises(RequestExpiredError):
        Handler(run.pk).respond("well", Answer())


def test_a_run_under_way_has_no_result_yet() -> None:
    with pytest.raises(NotFinishedError):
        Handler(make_run().pk).result(timeout=0)


def test_a_failed_step_is_the_result_of_its_run() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "w"))
    apply(run_id, StepFailed(1, 1, "ValueError", "no such order"))

    with pytest.raises(StepFailedError) as failed:
        Handler(run_id).result()

    assert (failed.value.step_name, failed.value.error_type) == ("ask", "ValueError")


def test_a_timed_out_step_is_pythons_time_out_too() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "w"))
    apply(run_id, StepTimedOut(1, 1, limit=0.3, elapsed=0.31))

    with pytest.raises(TimeoutError) as late:
        Handler(run_id).result()

    assert (late.value.scope, late.value.limit_seconds) == ("step", 0.3)
    assert isinstance(late.value, builtins.TimeoutError)


def test_no_run_no_handler() -> None:
    with pytest.raises(RunNotFoundError):
        Handler("nonsense")
    with pytest.raises(RunNotFoundError):
        Handler("00000000-0000-7000-8000-000000000000").result()


def test_state_keeps_what_parallel_steps_wrote() -> None:
    run = make_run(flows.two_branches)
    handler = Handler(run.pk)
    handler.respond("left", Answer(value="yes"))
    handler.respond("right", Answer(value="yes"))

    run_steps(run.pk)

    assert run.values.get(key="answers").text == '["left:yes","right:yes"]'
