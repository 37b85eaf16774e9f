"""A step that waits for a reaction in Slack, played in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workflows_app.flows._review import ReviewComplete
from workflows_app.flows._slack import NO, YES, FakeSlack
from workflows_app.flows.server_access import server_access
from workflows_app.testing import Play, Wait, play, survive_crashes

REQUEST: dict[str, Any] = {
    "person": "Oda",
    "server": "db-1",
    "hours": 4,
    "reason": "A slow query.",
}
GRANT = ReviewComplete(approved=True, reviewer="mia", note="Read only, please.")
REFUSE = ReviewComplete(approved=False, reviewer="bo")


@pytest.fixture
def slack(new_folder: Callable[[], Path]) -> FakeSlack:
    new_folder()
    return FakeSlack()


def start(**options: Any) -> Play:
    return play(server_access, **REQUEST, **options)


def decide(slack: FakeSlack, *decisions: ReviewComplete) -> None:
    (ts,) = slack.pending()
    for decision in decisions:
        slack.decide(ts, decision)


def test_a_reaction_grants_and_the_reply_is_the_note(slack: FakeSlack) -> None:
    run = start(while_waiting=lambda wait: decide(slack, GRANT))

    run.completes(
        {
            "person": "Oda",
            "server": "db-1",
            "hours": 4,
            "reviewer": "mia",
            "note": "Read only, please.",
        }
    )


def test_a_no_outweighs_a_yes(slack: FakeSlack) -> None:
    run = start(while_waiting=lambda wait: decide(slack, REFUSE, GRANT))

    assert run.result["hours"] == 0
    assert run.result["reviewer"] == "bo"
    assert run.result["note"] == ""


def test_the_message_says_how_to_decide(slack: FakeSlack) -> None:
    texts: list[str] = []

    def act(wait: Wait) -> None:
        texts.extend(slack.pending().values())
        decide(slack, GRANT)

    start(while_waiting=act).completes()
    (text,) = texts
    assert "Oda asks for 4 h on db-1: A slow query." in text
    assert f":{YES}:" in text
    assert f":{NO}:" in text


def test_the_same_message_id_posts_one_message(slack: FakeSlack) -> None:
    first = slack.chat_postMessage(channel="#a", text="Hi", client_msg_id="1")
    slack.chat_postMessage(channel="#a", text="Other")

    assert slack.chat_postMessage(channel="#a", text="Hi", client_msg_id="1") == first
    assert len(slack.pending()) == 2


def test_it_is_cut_when_nobody_reacts(slack: FakeSlack) -> None:
    start(while_waiting=Wait.run_out).fails("TimeoutError")


def test_it_posts_once_whatever_dies(new_folder: Callable[[], Path]) -> None:
    def story() -> None:
        new_folder()
        slack, seen = FakeSlack(), set[str]()

        def act(wait: Wait) -> None:
            seen.update(slack.pending())
            for ts in slack.pending():
                slack.decide(ts, GRANT)

        start(while_waiting=act).completes()
        assert len(seen) == 1

    assert survive_crashes(story) > 5
