"""What a transition gives to tell, and with which words: without a database."""

import json
from uuid import UUID

from tests.engine.test_answers import ADA, BOB, asking, vote
from workflows_app.engine.commands import Finish
from workflows_app.engine.policy import Escalation
from workflows_app.engine.state import State
from workflows_app.engine.ticks import Aborted, Delegated, RequestDue, Tick
from workflows_app.runtime.definitions import EXTERNAL
from workflows_app.runtime.occasions import Occasion, body_of, body_of_run, happened
from workflows_app.runtime.run_row import RunRow

RUN = UUID(int=1)
REQUEST = UUID(int=2)


def told(tick: Tick | None = None, **policy: object) -> list[Occasion]:
    """What the opening, or this tick after it, gives to tell."""
    story = asking(**policy)
    if tick is None:
        return list(happened(State(), story.commands, 7))
    before = story.state
    story.now += 100
    return list(happened(before, story.tick(tick).commands, 7))


def row() -> RunRow:
    return RunRow(
        id=RUN,
        root_id=RUN,
        parent_id=None,
        definition=EXTERNAL,
        workflow="external",
        tags={"order": "7"},
        priority=0,
        state=State(),
        revision=7,
        number=3,
        now=0.0,
    )


def test_who_is_asked_is_asked_by_the_opening() -> None:
    (opened,) = told(groups=["managers"], assignees=["ada"])
    assert opened.kind == "request.opened"
    assert (opened.groups, opened.by_name) == (["managers"], ["ada"])


def test_what_is_for_nobody_in_particular_is_for_all_who_review() -> None:
    (opened,) = told()
    assert (opened.groups, opened.by_name) == (["leads", "reviewers"], [])


def test_an_escalation_asks_the_groups_that_it_adds() -> None:
    rungs = (Escalation(10, ("leads",)), Escalation(20, ("board",)))
    first, second = told(RequestDue("q"), groups=["managers"], escalate=rungs)
    assert (first.groups, first.occurrence) == (["leads"], 1)
    assert (second.groups, second.occurrence) == (["board"], 2)
    assert second.more == {"escalation": 2, "added_groups": ["board"]}


def test_handing_on_asks_the_other_person_and_tells_which_time_it_was() -> None:
    (handed,) = told(Delegated("q", ADA, "bob"))
    assert (handed.kind, handed.by_name, handed.groups) == (
        "request.delegated",
        ["bob"],
        (),
    )
    assert handed.occurrence == 7


def test_an_answer_tells_who_decided_what_and_by_which_door() -> None:
    (answered,) = told(vote(BOB, door="api"))
    assert answered.kind == "request.answered"
    assert answered.more == {
        "outcome": "approve",
        "responder": "bob",
        "responder_kind": "person",
        "door": "api",
    }


def test_a_vote_that_is_not_enough_tells_nothing() -> None:
    assert told(vote(BOB), approvals=2) == []


def test_what_is_over_without_an_answer_tells_nobody_s_decision() -> None:
    (expired,) = told(RequestDue("q"), due_in=5)
    (withdrawn,) = told(Aborted("ada", ""))
    assert (expired.kind, expired.more) == ("request.expired", {})
    assert (withdrawn.kind, withdrawn.more) == ("request.withdrawn", {})


def test_a_body_is_typed_json_with_a_link() -> None:
    (opened,) = told()
    link = f"https://holdpoint.example/requests/{REQUEST}/"
    body = json.loads(body_of(row(), REQUEST, opened, link))
    assert body["type"] == "request.opened"
    assert body["timestamp"] == "1970-01-01T00:00:00+00:00"
    assert body["data"]["id"] == str(REQUEST)
    assert body["data"]["link"] == link


def test_the_result_of_a_run_goes_out_as_it_is() -> None:
    text = body_of_run(row(), "run.completed", Finish("completed", '{"exact":1.10}'))
    assert '"result":{"exact":1.10}' in text
    assert json.loads(text)["data"]["tags"] == {"order": "7"}
