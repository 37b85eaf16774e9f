"""Expenses, played in memory."""

from decimal import Decimal
from typing import Any

import pydantic
import pytest

from tests.workflows.people import ADA
from workflows_app.flows.expense import expense
from workflows_app.testing import Play, play, survive_crashes

ITEMS = [{"what": "Train", "amount": 41.2}, {"what": "Lunch", "amount": "12.80"}]


def start(**fields: Any) -> Play:
    claim = {"employee": "Mia", "purpose": "Fair", "items": ITEMS}
    return play(expense, **{**claim, **fields})


def test_the_claim_is_shown_line_by_line_and_paid_in_full() -> None:
    run = start()

    asked = run.question("claim")
    assert asked.subject == "Expenses of Mia: 54.00 EUR"
    assert asked.display[1]["value"][1] == {"What": "Lunch", "Amount": Decimal("12.80")}
    assert asked.policy.bulk
    run.answer("claim", outcome="approve", by=ADA)
    assert run.result["paid"] == "54.00"


def test_a_refusal_pays_nothing_and_says_why() -> None:
    run = start().answer("claim", outcome="reject", reason="No bill.", by=ADA)

    assert (run.result["paid"], run.result["reason"]) == ("0.00", "No bill.")


@pytest.mark.parametrize("items", [[], [{"what": "", "amount": 1}], [{"what": "x"}]])
def test_a_claim_without_proper_items_is_refused_before_a_run_exists(
    items: list[dict[str, Any]],
) -> None:
    with pytest.raises(pydantic.ValidationError):
        start(items=items)


def test_a_whole_story_survives_a_crash_at_any_moment() -> None:
    def story() -> None:
        start().answer("claim", outcome="approve", by=ADA).completes()

    assert survive_crashes(story)
