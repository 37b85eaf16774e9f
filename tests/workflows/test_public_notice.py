"""Public notices, played in memory: two votes, rounds, and a time that runs out."""

from typing import Any

import pytest

from tests.workflows.people import ADA, BOB, DANA
from workflows_app.engine import NotAllowedError
from workflows_app.flows.public_notice import public_notice
from workflows_app.testing import Person, Play, play, survive_crashes


def start(**fields: Any) -> Play:
    return play(public_notice, **{"title": "Ferries", "text": "We sail.", **fields})


def vote(run: Play, who: Person, outcome: str = "approve", reason: str = "") -> Play:
    (request_id,) = run.open
    text = run.question(request_id).proposed["text"]
    return run.answer(
        request_id, {"text": text}, outcome=outcome, reason=reason, by=who
    )


def test_one_approval_is_not_enough_and_two_are() -> None:
    run = vote(start(), ADA)
    run.asks("round-1")

    vote(run, BOB)

    assert run.result["published"] == "We sail."
    assert run.result["rounds"] == 1


def test_whoever_asks_for_changes_starts_a_round_that_shows_the_wish() -> None:
    run = vote(start(published="We sailed."), ADA, "ask_back", "Say when.")

    second = run.asks("round-2").question("round-2")
    assert second.display[0]["value"] == {"before": "We sailed.", "after": "We sail."}
    assert second.display[1]["value"] == [{"who": "ada", "text": "Say when."}]
    vote(vote(run, ADA), BOB)
    assert run.result["rounds"] == 2


def test_the_last_round_offers_no_other() -> None:
    run = start()
    for _ in range(4):
        vote(run, BOB, "ask_back", "Again.")

    offered = run.question("round-5").outcomes

    assert offered == ["approve", "drop"]


def test_a_lead_may_answer_only_when_half_of_the_time_is_over() -> None:
    run = start()
    with pytest.raises(NotAllowedError):
        vote(run, DANA)

    run.advance(hours=5)

    assert vote(run, DANA).open


def test_without_two_in_time_the_note_is_dropped_by_the_deadline() -> None:
    run = vote(start(), ADA)

    run.advance(hours=9)

    assert run.result["published"] is None
    assert run.result["responder"] == "deadline"


def test_a_whole_story_survives_a_crash_at_any_moment() -> None:
    def story() -> None:
        run = vote(start(), ADA, "ask_back", "Say when.")
        vote(vote(run, ADA), BOB).completes()

    assert survive_crashes(story)
