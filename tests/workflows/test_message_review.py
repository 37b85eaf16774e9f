"""The review of a drafted reply, played in memory."""

from typing import Any

import pydantic
import pytest

from tests.workflows.people import ADA, BOB
from workflows_app.engine import InvalidResponseError
from workflows_app.flows.message_review import message_review
from workflows_app.testing import Play, play, survive_crashes

MESSAGE = {
    "customer": "Rosalind",
    "channel": "chat",
    "message": "Where is\nmy ticket?",
    "proposed_reply": "It is on its way.",
}


def start(**fields: Any) -> Play:
    return play(message_review, **{**MESSAGE, **fields})


def test_the_reviewer_sees_the_message_and_may_edit_the_draft() -> None:
    asked = start(sentiment="upset").question("reply")

    assert asked.subject == "Reply to Rosalind (chat)"
    assert asked.display[0]["value"] == "Where is\nmy ticket?"
    assert asked.proposed == {"reply": "It is on its way.", "tone": "apologetic"}
    assert asked.schema is not None
    reply = asked.schema["properties"]["reply"]
    assert reply["x-ui"] == {"widget": "textarea"}


def test_a_reply_sent_as_it_was_drafted_is_not_edited() -> None:
    run = start()
    reply = {"reply": "It is on its way.", "tone": "formal"}
    run.answer("reply", reply, outcome="send", by=ADA)

    run.completes(
        {
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
    )


def test_a_reply_that_a_person_changed_is_edited() -> None:
    run = start()
    reply = {"reply": "Here it is.", "tone": "friendly"}
    run.answer("reply", reply, outcome="send", by=ADA)

    assert run.result["edited"] is True
    assert run.result["sent"]["text"] == "Here it is."


def test_nothing_is_sent_when_the_reply_is_discarded() -> None:
    run = start()
    told, reason = {"reply": "x"}, "A duplicate."
    run.answer("reply", told, outcome="discard", reason=reason, by=BOB)

    assert run.result["sent"] is None
    assert run.result["edited"] is False
    assert run.result["reason"] == "A duplicate."


def test_an_empty_reply_is_refused_and_stays_open() -> None:
    run = start()
    with pytest.raises(InvalidResponseError):
        run.answer("reply", {"reply": ""}, outcome="send", by=ADA)

    run.asks("reply")


def test_an_unknown_channel_is_refused_before_there_is_a_run() -> None:
    with pytest.raises(pydantic.ValidationError):
        start(channel="pigeon")


def test_it_survives_a_crash_between_any_two_ticks() -> None:
    def story() -> None:
        run = start().asks("reply")
        run.answer("reply", {"reply": "Soon."}, outcome="send", by=ADA).completes()
        assert run.result["sent"]["text"] == "Soon."

    assert survive_crashes(story) > 3
