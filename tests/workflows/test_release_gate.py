"""The release gate, played in memory."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.people import ADA, BOB, DANA
from workflows_app.engine import InvalidResponseError, NotAllowedError
from workflows_app.engine.schema import find_errors
from workflows_app.flows._github import TITLES
from workflows_app.flows.release_gate import MOST_ROUNDS, release_gate
from workflows_app.testing import Person, Play, play, survive_crashes

ROOT = Path(__file__).parents[2]
GITHUB = ROOT.parent / "shared" / "data" / "github-webhooks"
PAYLOADS = sorted(
    path for path in GITHUB.glob("*/*.json") if path.parent.name != "_schemas"
)
SCHEMA = dict(release_gate.definition.input_schema or {})
SHA = "abc1234" + "0" * 33

DEPLOYMENT: dict[str, Any] = {
    "action": "created",
    "deployment": {
        "sha": SHA,
        "ref": "main",
        "environment": "production",
        "description": "Adds **seat maps**.",
        "creator": {"login": "mira"},
    },
    "workflow_run": None,
    "repository": {"name": "api", "full_name": "quay/api"},
    "sender": {"login": "mira"},
}


def start(payload: dict[str, Any], event: str = "") -> Play:
    fields: dict[str, Any] = {
        "source": "github",
        "delivery_id": "d-1",
        "payload": payload,
    }
    return play(release_gate, event=event, **fields)


def approve(run: Play, request_id: str = "gate-1", by: Person = ADA) -> Play:
    return run.answer(request_id, {}, outcome="approve", by=by)


def ask_back(run: Play, request_id: str, question: str) -> Play:
    return run.answer(request_id, {}, outcome="ask_back", reason=question, by=ADA)


def staging() -> dict[str, Any]:
    deployment = {**DEPLOYMENT["deployment"], "environment": "staging"}
    return {**DEPLOYMENT, "deployment": deployment}


def test_a_deployment_to_production_is_asked_of_reviewers_and_leads() -> None:
    run = start(DEPLOYMENT)

    run.asks("gate-1")
    assert run.question("gate-1").subject == "Deploy api (abc1234) to production"
    assert run.question("gate-1").policy.groups == ["reviewers", "leads"]


def test_a_deployment_elsewhere_is_asked_of_reviewers() -> None:
    run = start(staging())

    assert run.question("gate-1").subject == "Deploy api (abc1234) to staging"
    assert run.question("gate-1").policy.groups == ["reviewers"]


def test_a_lead_alone_may_not_decide_what_is_asked_of_reviewers() -> None:
    with pytest.raises(NotAllowedError):
        approve(start(staging()), by=DANA)


def test_people_see_the_fields_the_description_and_the_whole_payload() -> None:
    about, description, payload = start(DEPLOYMENT).question("gate-1").display

    assert about["value"] == {
        "Repository": "quay/api",
        "Environment": "production",
        "Commit": SHA,
        "Branch": "main",
        "State": "created",
        "By": "mira",
        "Source": "github",
        "Delivery": "d-1",
    }
    assert (description["type"], description["value"]) == (
        "markdown",
        "Adds **seat maps**.",
    )
    assert (payload["type"], payload["value"]) == ("json", DEPLOYMENT)


def test_an_approval_ends_with_a_status_for_the_commit() -> None:
    run = start(DEPLOYMENT)
    remark = {"note": "Looks good", "window": "tonight"}
    run.answer("gate-1", remark, outcome="approve", by=ADA)

    assert run.result == {
        "decision": "approve",
        "reason": "",
        "responder": "ada",
        "note": "Looks good",
        "window": "tonight",
        "kind": "deployment",
        "repository": "quay/api",
        "sha": SHA,
        "status": {
            "state": "success",
            "description": "Approved by ada",
            "context": "holdpoint/release-gate",
        },
    }


def test_what_is_approved_without_a_time_goes_out_now() -> None:
    run = start(DEPLOYMENT)
    approve(run)

    assert run.result["window"] == "now"


def test_a_rejection_tells_its_reason_in_the_status() -> None:
    run = start(DEPLOYMENT)
    reason = "Not on\na Friday " + "!" * 300
    run.answer("gate-1", {}, outcome="reject", reason=reason, by=DANA)
    status = run.result["status"]

    assert status["state"] == "failure"
    assert status["description"].startswith("Rejected by dana: Not on a Friday !!")
    assert len(status["description"]) == 140


def test_a_rejection_needs_a_reason() -> None:
    with pytest.raises(InvalidResponseError):
        start(DEPLOYMENT).answer("gate-1", {}, outcome="reject", by=ADA)


def test_what_github_marks_as_production_is_grave_under_any_name() -> None:
    deployment = {"environment": "eu-1", "production_environment": True}
    run = start({**DEPLOYMENT, "deployment": deployment})

    assert run.question("gate-1").policy.groups == ["reviewers", "leads"]


def test_asking_back_asks_again_and_shows_the_question() -> None:
    run = start(DEPLOYMENT)
    ask_back(run, "gate-1", "Who is on call?").asks("gate-2")

    again = run.question("gate-2")
    assert again.request.previous == "gate-1"
    assert again.subject.endswith("to production (asked back)")
    question = again.display[0]
    assert question["title"] == "ada asks"
    assert question["value"].startswith("Who is on call?")


def test_asking_back_ends_with_the_last_round() -> None:
    run = start(DEPLOYMENT)
    for number in range(1, MOST_ROUNDS):
        ask_back(run, f"gate-{number}", "And now?")
    last = f"gate-{MOST_ROUNDS}"

    assert run.question(last).outcomes == ["approve", "reject"]
    approve(run, last, by=BOB)
    assert run.result["responder"] == "bob"


def test_the_header_does_not_decide_the_kind() -> None:
    run = start(DEPLOYMENT, event="star")

    assert run.question("gate-1").subject.startswith("Deploy api")


def test_release_notes_are_shown_as_markdown_and_the_time_is_asked() -> None:
    release = {"tag_name": "v4.2", "body": "- seat maps"}
    run = start({**DEPLOYMENT, "deployment": None, "release": release})
    asked = run.question("gate-1")

    assert asked.subject == "Release api v4.2: created"
    assert asked.display[1]["title"] == "Release notes"
    assert asked.schema is not None
    assert asked.schema["properties"]["window"]["enum"] == ["now", "tonight"]
    assert run.question("gate-1").policy.groups == ["reviewers", "leads"]


@pytest.mark.parametrize(
    ("payload", "subject"),
    [
        (
            {"action": "created", "starred_at": None, "sender": {"login": "mira"}},
            "GitHub sent “star” (created) for mira: acknowledge?",
        ),
        (
            {"issue": {}, "comment": {}, "repository": {"full_name": "quay/api"}},
            "GitHub sent “issue comment” for quay/api: acknowledge?",
        ),
        (
            {"zen": "Keep it simple.", "hook": {"id": 1}, "sender": {"login": "mira"}},
            "GitHub sent “ping” for mira: acknowledge?",
        ),
        (
            {"action": "started", "repository": {"full_name": "quay/api"}},
            "GitHub sent “repository” (started) for quay/api: acknowledge?",
        ),
        ({}, "GitHub sent “message” for an unknown place: acknowledge?"),
    ],
)
def test_any_other_kind_is_to_be_acknowledged(
    payload: dict[str, Any], subject: str
) -> None:
    asked = start(payload).question("gate-1")

    assert asked.subject == subject
    assert asked.request.content["outcomes"][0]["label"] == "Acknowledge"


@pytest.mark.parametrize("odd", ["text", 7, [], [{}], True, {"sha": ["x"]}])
def test_a_payload_that_holds_something_else_is_asked_about_all_the_same(
    odd: object,
) -> None:
    run = start({"deployment": odd, "repository": odd, "sender": odd, "action": odd})

    assert run.question("gate-1").subject == "Deploy ? (?) to ?"


def test_a_title_is_one_line_without_hidden_characters() -> None:
    title = "Fix\nall\0 \u202egpj.exe" + "x" * 1000
    run = start({"pull_request": {"title": title, "number": 5}, "action": "opened"})
    subject = run.question("gate-1").subject

    assert subject.startswith("?#5 opened: Fix all gpj.exexxx")
    assert subject.isprintable()
    assert len(subject) < 200


@pytest.mark.skipif(not PAYLOADS, reason="shared/data/github-webhooks is missing")
@pytest.mark.parametrize("path", PAYLOADS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_kind_of_delivery_leads_to_a_question_and_an_end(path: Path) -> None:
    payload = json.loads(path.read_bytes())
    run = start(payload, event=path.parent.name)
    asked = run.question("gate-1")

    if path.parent.name in TITLES:
        assert asked.request.tags["kind"] == path.parent.name
    assert not {"?", "(?)", "?:"} & set(asked.subject.split())
    assert find_errors(SCHEMA, run_input(payload)) == []
    ask_back(run, "gate-1", "Why?")
    approve(run, "gate-2")
    assert run.result["status"]["state"] == "success"


def run_input(payload: dict[str, Any]) -> dict[str, Any]:
    return {"source": "github", "event": "", "delivery_id": "1", "payload": payload}


def test_it_survives_a_crash_between_any_two_ticks() -> None:
    def story() -> None:
        run = start(DEPLOYMENT).asks("gate-1")
        ask_back(run, "gate-1", "Who is on call?").asks("gate-2")
        approve(run, "gate-2").completes()
        assert run.result["responder"] == "ada"

    assert survive_crashes(story) > 10
