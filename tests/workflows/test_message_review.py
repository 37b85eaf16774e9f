"""The review of a drafted reply, played in memory."""

from typing import Any

import pydantic
import pytest

from tests.workflows.playing import Play
from workflows_app.engine import InvalidResponseError
from workflows_app.flows.message_review import message_review

MESSAGE = {
    "customer": "Rosalind",
    "channel": "chat",
    "message": "Where is\nmy ticket?",
    "proposed_reply": "It is on its way.",
}


def play(**fields: Any) -> Play:
    return Play(message_review, {**MESSAGE, **fields})


def test_the_reviewer_sees_the_message_and_may_edit_the_draft() -> None:
    shown = play(sentiment="upset").shown["reply"]

    assert shown["subject"] == "Reply to Rosalind (chat)"
    assert shown["display"][0]["value"] == "Where is\nmy ticket?"
    assert shown["proposed"] == {"reply": "It is on its way.", "tone": "apologetic"}
    reply = shown["schema"]["properties"]["reply"]
    assert reply["x-ui"] == {"widget": "textarea"}


def test_a_reply_sent_as_it_was_drafted_is_not_edited() -> None:
    run = play()
    run.answer("reply", "send", "ada", reply="It is on its way.", tone="formal")

    assert run.result == {
        "decision": "send",
        "sent": {
            "to": "Rosalind",
            "channel": "chat",
            "text": "It is on its way.",
            "tone": "formal",
        },
        "edited": False,
        "reason": "",
        "responder": "ada",
    }


def test_a_reply_that_a_person_changed_is_edited() -> None:
    run = play()
    run.answer("reply", "send", "ada", reply="Here it is.", tone="friendly")

    assert run.result["edited"] is True
    assert run.result["sent"]["text"] == "Here it is."


def test_nothing_is_sent_when_the_reply_is_discarded() -> None:
    run = play()
    run.answer("reply", "discard", "bob", reply="x", reason="A duplicate.")

    assert run.result["sent"] is None
    assert run.result["edited"] is False
    assert run.result["reason"] == "A duplicate."


def test_an_empty_reply_is_refused_and_stays_open() -> None:
    run = play()
    with pytest.raises(InvalidResponseError):
        run.answer("reply", "send", "ada", reply="")

    assert run.open == ["reply"]


def test_an_unknown_channel_is_refused_before_there_is_a_run() -> None:
    with pytest.raises(pydantic.ValidationError):
        play(channel="pigeon")
