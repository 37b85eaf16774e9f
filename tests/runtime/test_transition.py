"""Runs in PostgreSQL: what commits together, and what happens when two come at once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction

from tests import flows
from tests.factories import make_run, run_steps, start_run
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    RunNotFoundError,
    ValidationError,
)
from workflows_app.engine.ticks import CallClaimed, CallLost, StepCompleted
from workflows_app.models import Call, InputResponse, Run
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.runtime.transition import apply

pytestmark = pytest.mark.django_db


def test_a_run_waits_as_a_row_until_somebody_answers() -> None:
    run = make_run(subject="Deploy?")

    assert run.status == "waiting"
    assert run.calls.count() == 0
    assert run.requests.get().subject == "Deploy?"
    assert run.snapshots.get().cause == "waiting"


def test_an_answer_leads_to_the_result() -> None:
    run = make_run(subject="Deploy?")

    answer = Answer(value={"amount": 5}, outcome="approve")
    receipt = Handler(run.pk).respond("approve", answer)

    assert receipt.accepted
    assert not receipt.duplicate
    assert run_steps(run.pk).status == "completed"
    assert Handler(run.pk).result() == {
        "subject": "Deploy?",
        "outcome": "approve",
        "answer": {"amount": 5},
    }


def test_lines_are_numbered_without_gaps() -> None:
    run = make_run()

    numbers = list(run.events.values_list("number", flat=True))

    assert numbers == list(range(1, len(numbers) + 1))
    assert run.last_number == len(numbers)


def test_two_branches_ask_at_the_same_time() -> None:
    run = make_run(flows.two_branches)
    assert run.requests.filter(status="open").count() == 2

    handler = Handler(run.pk)
    handler.respond("right", Answer(outcome="no"))
    handler.respond("left", Answer(value="yes"))

    assert run_steps(run.pk).status == "completed"
    assert handler.result() == ["left:yes", "right:no"]


def test_a_call_is_claimed_once() -> None:
    run_id = start_run()

    first = apply(run_id, CallClaimed(1, "one"))
    second = apply(run_id, CallClaimed(1, "two"))

    assert first.granted is not None
    assert second.granted is None
    assert Call.objects.get(run_id=run_id).worker == "one"


def test_the_result_of_a_superseded_attempt_is_not_written() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "frozen"))
    apply(run_id, CallLost(1, 1))

    apply(run_id, StepCompleted(1, 1))

    run = Run.objects.get(pk=run_id)
    assert run.status == "running"
    assert run.events.latest("number").kind == "step_discarded"


def test_a_tick_for_no_run_says_so() -> None:
    with pytest.raises(RunNotFoundError):
        apply(uuid4(), CallClaimed(1, "one"))


@pytest.mark.django_db(transaction=True)
def test_a_run_that_starts_in_a_rolled_back_transaction_never_was() -> None:
    with transaction.atomic():
        start_run()
        transaction.set_rollback(True)

    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_verbs_refuse_to_be_part_of_somebody_elses_transaction() -> None:
    run = make_run()

    with transaction.atomic(), pytest.raises(RuntimeError):
        Handler(run.pk).pause()


def _start(key: str, subject: str) -> object:
    definition = flows.approval.definition
    event = start_event(definition, {"subject": subject})
    return start(definition, Start(event=event, idempotency_key=key))


def test_the_same_key_and_input_give_the_same_run() -> None:
    assert _start("k", "a") == _start("k", "a")
    assert Run.objects.count() == 1


def test_the_same_key_with_another_input_is_refused() -> None:
    _start("k", "a")

    with pytest.raises(ValidationError):
        _start("k", "b")


def test_input_that_does_not_fit_starts_nothing() -> None:
    with pytest.raises(ValidationError, match="colour"):
        start_run(colour="red")

    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_answers_at_once_one_is_accepted() -> None:
    run = make_run()

    def answer(number: int) -> str:
        try:
            value = {"amount": number}
            Handler(run.pk).respond("approve", Answer(value=value, outcome="approve"))
        except AlreadyAnsweredError as error:
            return error.responder
        except EngineError as error:
            return repr(error)
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(answer, range(20)))

    assert sorted(replies) == ["accepted", *["program"] * 19]
    assert InputResponse.objects.count() == 1
    assert run.events.filter(kind="input_received").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_claims_at_once_one_is_granted() -> None:
    run_id = start_run()

    def claim(number: int) -> bool:
        try:
            return apply(run_id, CallClaimed(1, f"w{number}")).granted is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(claim, range(20))) == 1
