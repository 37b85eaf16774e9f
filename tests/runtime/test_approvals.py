"""Steps that block on a person: ask, wait, and find the same question again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.factories import start_run
from tests.journeys.house import wait_for
from workflows_app.engine import (
    ApprovalQueue,
    InputRequestEvent,
    Outcome,
    RunAbortedError,
    RunNotFoundError,
    TimeoutError,  # noqa: A004 - engine.md's name
    ValidationError,
)
from workflows_app.models import InputRequest, Run
from workflows_app.runtime.answering import Answer
from workflows_app.runtime.handler import Handler

pytestmark = pytest.mark.django_db(transaction=True)

APPROVE = Outcome("approve", style="primary")
REJECT = Outcome("reject", style="danger")


def question(**options: Any) -> InputRequestEvent:
    return InputRequestEvent(
        "refund", "Refund 20 EUR?", outcomes=[APPROVE, REJECT], **options
    )


def test_a_question_is_put_before_people_once_for_each_key() -> None:
    queue = ApprovalQueue()

    first = queue.ask(question(), key="run-1/4")
    again = queue.ask(question(), key="run-1/4")
    other = queue.ask(question(), key="run-1/5")

    assert first == again != other
    assert InputRequest.objects.filter(status="open").count() == 2
    with pytest.raises(ValidationError):
        queue.ask(question(subject="Another"), key="run-1/4")


def test_waiting_gives_what_somebody_decides_meanwhile() -> None:
    queue = ApprovalQueue()
    approval = queue.ask(question())

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(queue.wait_for_decision, approval, 10)
        answer = Answer(outcome="reject", reason="too much", responder="ada")
        Handler(approval).respond("refund", answer)
        decision = waiting.result(10)

    assert (decision.outcome, decision.reason) == ("reject", "too much")
    assert decision.responder == "ada"
    assert decision.at == Run.objects.get(pk=approval).finished_at


async def test_async_code_waits_without_blocking() -> None:
    queue = ApprovalQueue()
    approval = await queue.ask_async(question())

    with pytest.raises(TimeoutError):
        await queue.wait_for_decision_async(approval, timeout=0.05)


def test_a_decision_that_is_there_is_given_at_once() -> None:
    queue = ApprovalQueue()
    approval = queue.ask(question())
    Handler(approval).respond("refund", Answer(outcome="approve"))

    assert queue.wait_for_decision(approval, timeout=0.001).outcome == "approve"


def test_nobody_waits_longer_than_he_wants() -> None:
    queue = ApprovalQueue()
    approval = queue.ask(question())

    with pytest.raises(TimeoutError, match="within") as late:
        queue.wait_for_decision(approval, timeout=0.05)

    assert late.value.scope == "request"
    assert wait_for(lambda: InputRequest.objects.get(run_id=approval).status == "open")


def test_a_question_that_is_withdrawn_gets_no_decision() -> None:
    queue = ApprovalQueue()
    approval = queue.ask(question())
    Handler(approval).abort("no longer needed")

    with pytest.raises(RunAbortedError, match="no longer needed"):
        queue.wait_for_decision(approval)


def test_only_questions_can_be_waited_for() -> None:
    with pytest.raises(RunNotFoundError):
        ApprovalQueue().wait_for_decision(str(start_run()))


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_the_time_to_wait_is_one_that_can_be(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        ApprovalQueue().wait_for_decision("whatever", timeout)
