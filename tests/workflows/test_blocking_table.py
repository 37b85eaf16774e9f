"""A step that polls another system's table, played in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workflows_app.flows._approvals_table import ApprovalsTable
from workflows_app.flows._review import ReviewComplete
from workflows_app.flows.supplier_payment import supplier_payment
from workflows_app.testing import Play, Wait, play, survive_crashes

INVOICE: dict[str, Any] = {
    "supplier": "Quill & Co",
    "invoice": "2025-118",
    "amount": 412.5,
}
YES = ReviewComplete(approved=True, reviewer="mia", note="Delivered.")
NO = ReviewComplete(approved=False, reviewer="mia", note="Not ours.")


@pytest.fixture
def table(new_folder: Callable[[], Path]) -> ApprovalsTable:
    new_folder()
    return ApprovalsTable()


def decide(table: ApprovalsTable, decision: ReviewComplete) -> None:
    """What the people do whose table it is: exactly one row waits for them."""
    (question_id,) = table.pending()
    table.decide(question_id, decision)


def start(**options: Any) -> Play:
    return play(supplier_payment, **INVOICE, **options)


def test_an_approved_invoice_is_paid(table: ApprovalsTable) -> None:
    run = start(while_waiting=lambda wait: decide(table, YES))

    run.completes(
        {
            "supplier": "Quill & Co",
            "invoice": "2025-118",
            "paid": "412.50",
            "reviewer": "mia",
            "note": "Delivered.",
        }
    )


def test_a_refused_invoice_is_not_paid(table: ApprovalsTable) -> None:
    run = start(while_waiting=lambda wait: decide(table, NO))

    assert run.result["paid"] == "0.00"


def test_the_run_is_shown_as_waiting_for_the_table(table: ApprovalsTable) -> None:
    waits: list[Wait] = []

    def act(wait: Wait) -> None:
        waits.append(wait)
        decide(table, YES)

    start(while_waiting=act).completes()
    (wait,) = waits
    assert wait.status == "waiting"
    assert wait.reason == "approval in the accounting system"
    assert wait.limit == 900


def test_it_is_cut_when_nobody_decides(table: ApprovalsTable) -> None:
    run = start(while_waiting=Wait.run_out, wait_limit=60)

    run.fails("TimeoutError")
    assert run.error["limit_seconds"] == 60
    assert run.steps_run("pay") == 0


def test_it_asks_once_whatever_dies(new_folder: Callable[[], Path]) -> None:
    def story() -> None:
        new_folder()
        table, asked = ApprovalsTable(), list[str]()

        def act(wait: Wait) -> None:
            asked.extend(table.pending())
            for question_id in table.pending():
                table.decide(question_id, YES)

        start(while_waiting=act).completes()
        assert len(asked) == 1

    assert survive_crashes(story) > 5
