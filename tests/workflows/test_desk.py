"""The command line with which a newcomer answers what the flows ask outside."""

from collections.abc import Callable
from pathlib import Path

import pytest

from workflows_app.flows._approvals_table import ApprovalsTable
from workflows_app.flows._desk import find_places, main
from workflows_app.flows._review import ReviewComplete


@pytest.fixture(autouse=True)
def folder(new_folder: Callable[[], Path]) -> Path:
    return new_folder()


def test_it_lists_what_waits_in_every_place(capsys: pytest.CaptureFixture[str]) -> None:
    ApprovalsTable().ask("run-1", "Pay?")

    assert main(["list"]) == 0
    assert capsys.readouterr().out == "run-1  (table)  Pay?\n"


def test_it_decides_as_whom_one_says(folder: Path) -> None:
    ApprovalsTable().ask("run-1", "Pay?")

    assert main(["reject", "run-1", "--name", "bo", "--note", "No."]) == 0
    decision = ApprovalsTable(folder).find("run-1")
    assert decision is not None
    assert decision.to_dict() == {"approved": False, "reviewer": "bo", "note": "No."}


def test_what_nobody_asks_cannot_be_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["approve", "run-9"]) == 1
    assert "Nobody waits for run-9" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["table", "service"])
def test_the_first_decision_stands(name: str) -> None:
    place = find_places()[name]
    assert hasattr(place, "ask")
    assert hasattr(place, "find")
    place.ask("run-1", "Well?")
    for approved in (True, False):
        place.decide("run-1", ReviewComplete(approved=approved, reviewer="mia"))

    assert place.find("run-1").approved is True
