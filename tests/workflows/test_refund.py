"""Refunds, played in memory: two people at the same time."""

from decimal import Decimal
from typing import Any

import pydantic
import pytest

from tests.workflows.people import ADA, DANA
from workflows_app.engine import InvalidResponseError
from workflows_app.engine.schema import check_schema, find_errors
from workflows_app.flows.refund import refund
from workflows_app.testing import Play, play, survive_crashes

CLAIM = {
    "order": "A-1",
    "customer": "Anselm",
    "amount": 184.55,
    "reason": "It is broken.",
}


BY = {"claim": ADA, "budget": DANA}


def start(**fields: Any) -> Play:
    return play(refund, **{**CLAIM, **fields})


def approve(run: Play, request_id: str, **answer: Any) -> Play:
    return run.answer(request_id, answer, outcome="approve", by=BY[request_id])


def reject(run: Play, request_id: str, reason: str) -> Play:
    by = BY[request_id]
    return run.answer(request_id, {}, outcome="reject", reason=reason, by=by)


@pytest.mark.parametrize("amount", [0.01, 4.2, 20, Decimal("20.00")])
def test_a_small_amount_is_refunded_without_a_question(amount: Decimal) -> None:
    run = start(amount=amount)

    assert run.open == []
    assert run.result["amount"] == f"{amount:.2f}"
    assert run.result["automatic"] is True


def test_a_larger_amount_is_asked_of_two_people_at_once() -> None:
    run = start(amount=20.01)

    claim, budget = run.question("claim"), run.question("budget")
    run.asks("claim", "budget")
    assert claim.policy.groups == ["reviewers"]
    assert budget.policy.groups == ["leads"]
    assert claim.subject == "Refund 20.01 EUR for order A-1"
    assert claim.proposed == {"amount": 20.01}


@pytest.mark.parametrize("order", [("claim", "budget"), ("budget", "claim")])
def test_the_second_answer_ends_it_in_either_order(order: tuple[str, str]) -> None:
    run = start()
    approve(run, order[0]).asks(order[1])
    approve(run, order[1])

    run.completes(
        {
            "decision": "approve",
            "amount": "184.55",
            "currency": "EUR",
            "reasons": [],
            "responders": {"claim": "ada", "budget": "dana"},
            "automatic": False,
        }
    )


def test_a_reviewer_may_refund_a_part() -> None:
    run = start()
    approve(run, "claim", amount=100)
    approve(run, "budget")

    assert run.result["amount"] == "100.00"


def test_more_than_was_claimed_is_refused() -> None:
    with pytest.raises(InvalidResponseError):
        approve(start(), "claim", amount=184.56)


def test_one_refusal_is_enough_and_every_reason_is_told() -> None:
    run = start()
    reject(run, "claim", "No receipt.")
    reject(run, "budget", "No money.")

    assert run.result["decision"] == "reject"
    assert run.result["amount"] == "0.00"
    assert run.result["reasons"] == ["No receipt.", "No money."]


def test_two_answers_at_the_same_time_are_both_counted() -> None:
    run = start()
    with run.at_once():
        approve(run, "claim", amount=50)
        approve(run, "budget")

    assert run.kinds.count("step_conflicted") == 1, "the slower one runs again"
    assert run.result["amount"] == "50.00"
    assert run.result["responders"] == {"claim": "ada", "budget": "dana"}


def test_it_survives_a_crash_between_any_two_ticks() -> None:
    def story() -> None:
        run = start().asks("claim", "budget")
        approve(run, "claim", amount=100)
        approve(run, "budget").completes()
        assert run.result["amount"] == "100.00"

    assert survive_crashes(story) > 8


@pytest.mark.parametrize("amount", [0, -1, 10_000.01, 20.005, "much"])
def test_an_impossible_amount_is_refused_before_there_is_a_run(amount: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        start(amount=amount)


def test_the_start_form_takes_and_refuses_the_same_amounts() -> None:
    schema = dict(refund.definition.input_schema or {})
    check_schema(schema)

    assert find_errors(schema, CLAIM) == []
    assert [e.path for e in find_errors(schema, {**CLAIM, "amount": 20.005})] == [
        ("amount",)
    ]
