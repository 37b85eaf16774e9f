"""Steps that block on a person, in a real worker: killed, answered, cut."""

import json
from typing import Any

import pytest

from workflows_app.flows._desk import find_places
from workflows_app.flows._review import ReviewComplete

from .house import House, hidden_fields, wait_for

pytestmark = pytest.mark.timeout(180)
RECOVERY = 15.0
"""Seconds after a kill within which a run goes on."""

START = """
import json, sys, django
django.setup()
from workflows_app.runtime.discovery import load_workflows
flows = {workflow.name: workflow for workflow in load_workflows()}
print(flows[sys.argv[1]].start(json.loads(sys.argv[2])).run_id)
"""

INPUTS: dict[str, dict[str, Any]] = {
    "supplier-payment": {"supplier": "Quill", "invoice": "118", "amount": 412.5},
    "article": {"title": "Tides", "text": "The sea comes twice a day."},
    "server-access": {"person": "Oda", "server": "db-1", "reason": "A slow query."},
    "price-change": {"product": "Kettle", "old_price": 20, "new_price": 24.5},
}
PLACES = {"supplier-payment": "table", "article": "service", "server-access": "slack"}
REASONS = {
    "supplier-payment": "approval in the accounting system",
    "article": "the editors&#x27; callback",
    "server-access": "a reaction in #access",
    "price-change": "a decision on the review queue",
}
YES = ReviewComplete(approved=True, reviewer="mia", note="Go ahead.")


@pytest.fixture(scope="module")
def house(own_house: House) -> House:
    """Its workers are killed."""
    return own_house


def start(house: House, workflow: str, **fields: Any) -> str:
    given = json.dumps({**INPUTS[workflow], **fields})
    return house.run_python(START, workflow, given).strip()


def pending(house: House, workflow: str) -> set[str]:
    """The ids of what is asked and not decided, where this workflow asks."""
    if workflow in PLACES:
        return set(find_places(house.data)[PLACES[workflow]].pending())
    rows = house.query(
        "SELECT r.id FROM workflows_app_inputrequest r"
        " JOIN workflows_app_run run ON run.id = r.run_id"
        " WHERE run.workflow = 'external' AND r.status = 'open'"
    )
    return {str(row[0]) for row in rows}


def answer(house: House, workflow: str, question_id: str) -> None:
    """Approve it: in the system where it was asked, or as ada on the review queue."""
    if workflow in PLACES:
        find_places(house.data)[PLACES[workflow]].decide(question_id, YES)
        return
    ada, path = house.sign_in("ada"), f"/requests/{question_id}/"
    form = {**hidden_fields(ada.get(path).text), "outcome": "approve"}
    assert ada.post(path, data=form).status_code == 303


def wait_until_it_waits(house: House, run_id: str, times: int = 1) -> None:
    """Until the step blocks on its person for the so many-th time."""
    wait_for(
        lambda: (
            house.kinds(run_id).count("step_waiting") == times
            and house.status(run_id) == "waiting"
        ),
        seconds=RECOVERY,
    )


@pytest.mark.parametrize("workflow", INPUTS)
def test_it_is_shown_as_waiting_and_why(house: House, workflow: str) -> None:
    before = pending(house, workflow)
    run_id = start(house, workflow)
    wait_until_it_waits(house, run_id)
    (question_id,) = pending(house, workflow) - before

    page = house.sign_in("ada").get(f"/runs/{run_id}/").text
    assert REASONS[workflow] in page
    answer(house, workflow, question_id)
    wait_for(lambda: house.status(run_id) == "completed")


@pytest.mark.parametrize("workflow", INPUTS)
def test_it_asks_once_and_finds_the_answer_after_a_kill(
    house: House, workflow: str
) -> None:
    before = pending(house, workflow)
    run_id = start(house, workflow)
    wait_until_it_waits(house, run_id)
    (question_id,) = pending(house, workflow) - before

    house.kill("worker", "executor")
    wait_until_it_waits(house, run_id, times=2)
    assert pending(house, workflow) - before == {question_id}

    house.kill("worker", "executor")
    answer(house, workflow, question_id)  # nobody listens now
    wait_for(lambda: house.status(run_id) == "completed", seconds=RECOVERY)
    assert house.kinds(run_id).count("step_lost") >= 1
    ((result,),) = house.query(
        "SELECT result FROM workflows_app_run WHERE id = %s", run_id
    )
    assert '"reviewer":"' in str(result).replace(" ", "")


@pytest.mark.parametrize("workflow", INPUTS)
def test_it_is_cut_at_the_limit_of_its_wait(house: House, workflow: str) -> None:
    before = pending(house, workflow)
    run_id = start(house, workflow, wait_limit=1)
    wait_for(lambda: house.status(run_id) == "failed", seconds=RECOVERY)

    ((error,),) = house.query(
        "SELECT error FROM workflows_app_run WHERE id = %s", run_id
    )
    assert "TimeoutError" in str(error)
    (question_id,) = pending(house, workflow) - before
    answer(house, workflow, question_id)  # nothing comes of it
    assert house.status(run_id) == "failed"
