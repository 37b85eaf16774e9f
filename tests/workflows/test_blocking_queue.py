"""A step that subscribes to Holdpoint's own queue, played in memory."""

from typing import Any

import pytest

from tests.workflows.people import ADA, DANA
from workflows_app.engine import InvalidResponseError, NotAllowedError
from workflows_app.flows.price_change import price_change
from workflows_app.testing import Play, Wait, play, survive_crashes

CHANGE: dict[str, Any] = {"product": "Kettle", "old_price": 20, "new_price": 24.5}


def start(**options: Any) -> Play:
    return play(price_change, **CHANGE, **options)


def approve(wait: Wait) -> None:
    wait.queue.answer(outcome="approve", by=ADA)


def test_an_approved_price_is_shown() -> None:
    start(while_waiting=approve).completes(
        {"product": "Kettle", "price": "24.50", "reviewer": "ada", "note": ""}
    )


def test_a_rejected_price_stays_with_its_reason() -> None:
    def reject(wait: Wait) -> None:
        wait.queue.answer(outcome="reject", reason="Too much.", by=ADA)

    run = start(while_waiting=reject)

    assert run.result["price"] == "20.00"
    assert run.result["note"] == "Too much."


def test_the_question_is_on_the_queue_while_the_run_waits() -> None:
    subjects: list[str] = []

    def act(wait: Wait) -> None:
        assert wait.status == "waiting"
        subjects.extend(question.subject for question in wait.queue.open)
        approve(wait)

    start(while_waiting=act).completes()
    assert subjects == ["Kettle: 20.00 → 24.50"]


def test_the_queue_refuses_what_every_door_refuses() -> None:
    def act(wait: Wait) -> None:
        with pytest.raises(NotAllowedError):
            wait.queue.answer(outcome="approve", by=DANA)
        with pytest.raises(InvalidResponseError):
            wait.queue.answer(outcome="reject", by=ADA)
        approve(wait)

    start(while_waiting=act).completes()


def test_it_is_cut_when_nobody_decides() -> None:
    run = start(while_waiting=Wait.run_out, wait_limit=60)

    run.fails("TimeoutError")
    assert run.error["limit_seconds"] == 60


def test_it_asks_once_whatever_dies() -> None:
    def story() -> None:
        asked: list[str] = []

        def act(wait: Wait) -> None:
            asked.extend(question.subject for question in wait.queue.open)
            if wait.queue.open:
                approve(wait)

        start(while_waiting=act).completes()
        assert len(asked) == 1

    assert survive_crashes(story) > 8
