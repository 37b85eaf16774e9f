"""Refunds, played in memory: two people at the same time."""

from decimal import Decimal
from typing import Any

import pydantic
import pytest

from tests.workflows.playing import Play
from workflows_app.engine import InvalidResponseError
from workflows_app.engine.schema import check_schema, find_errors
from workflows_app.flows.refund import refund

CLAIM = {
    "order": "A-1",
    "customer": "Anselm",
    "amount": 184.55,
    "reason": "It is broken.",
}


def play(**fields: Any) -> Play:
    return Play(refund, {**CLAIM, **fields})


@pytest.mark.parametrize("amount", [0.01, 4.2, 20, Decimal("20.00")])
def test_a_small_amount_is_refunded_without_a_question(amount: Decimal) -> None:
    run = play(amount=amount)

    assert run.shown == {}
    assert run.result["amount"] == f"{amount:.2f}"
    assert run.result["automatic"] is True


def test_a_larger_amount_is_asked_of_two_people_at_once() -> None:
    run = play(amount=20.01)

    assert run.open == ["claim", "budget"]
    groups = [request.policy["groups"] for request in run.state.requests.values()]
    assert groups == [["reviewers"], ["leads"]]
    assert run.shown["claim"]["subject"] == "Refund 20.01 EUR for order A-1"
    assert run.shown["claim"]["proposed"] == {"amount": 20.01}


@pytest.mark.parametrize("order", [("claim", "budget"), ("budget", "claim")])
def test_the_second_answer_ends_it_in_either_order(order: tuple[str, str]) -> None:
    run = play()
    by = {"claim": "ada", "budget": "dana"}
    run.answer(order[0], "approve", by[order[0]])
    assert run.open == [order[1]]
    run.answer(order[1], "approve", by[order[1]])

    assert run.result == {
        "decision": "approve",
        "amount": "184.55",
        "currency": "EUR",
        "reasons": [],
        "responders": by,
        "automatic": False,
    }


def test_a_reviewer_may_refund_a_part() -> None:
    run = play()
    run.answer("claim", "approve", "ada", amount=100)
    run.answer("budget", "approve", "dana")

    assert run.result["amount"] == "100.00"


def test_more_than_was_claimed_is_refused() -> None:
    with pytest.raises(InvalidResponseError):
        play().answer("claim", "approve", "ada", amount=184.56)


def test_one_refusal_is_enough_and_every_reason_is_told() -> None:
    run = play()
    run.answer("claim", "reject", "ada", reason="No receipt.")
    run.answer("budget", "reject", "dana", reason="No money.")

    assert run.result["decision"] == "reject"
    assert run.result["amount"] == "0.00"
    assert run.result["reasons"] == ["No receipt.", "No money."]


def test_two_answers_at_the_same_time_are_both_counted() -> None:
    run = play()
    run.vote("claim", "approve", "ada", amount=50)
    run.vote("budget", "approve", "dana")
    both = [run.attempt(call) for call in (run.ready.pop(0), run.ready.pop(0))]
    for done in both:
        run.commit(done)

    assert len(run.ready) == 1, "the slower one runs again"
    run.run_steps()
    assert run.result["amount"] == "50.00"
    assert run.result["responders"] == {"claim": "ada", "budget": "dana"}


@pytest.mark.parametrize("amount", [0, -1, 10_000.01, 20.005, "much"])
def test_an_impossible_amount_is_refused_before_there_is_a_run(amount: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        play(amount=amount)


def test_the_start_form_takes_and_refuses_the_same_amounts() -> None:
    schema = dict(refund.definition.input_schema or {})
    check_schema(schema)

    assert find_errors(schema, CLAIM) == []
    assert [e.path for e in find_errors(schema, {**CLAIM, "amount": 20.005})] == [
        ("amount",)
    ]
