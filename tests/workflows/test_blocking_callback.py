"""A step that listens for a callback, played in memory with real loopback sockets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workflows_app.flows._callback import CallbackDoor
from workflows_app.flows._review import ReviewComplete
from workflows_app.flows._review_service import ReviewService, post
from workflows_app.flows.article import article
from workflows_app.testing import Play, Wait, play, survive_crashes

ARTICLE: dict[str, Any] = {"title": "Tides", "text": "The sea comes twice a day."}
YES = ReviewComplete(approved=True, reviewer="mia", note="Lovely.")
NO = ReviewComplete(approved=False, reviewer="mia")


@pytest.fixture
def service(new_folder: Callable[[], Path]) -> ReviewService:
    new_folder()
    return ReviewService()


def start(**options: Any) -> Play:
    return play(article, **ARTICLE, **options)


def decide(service: ReviewService, decision: ReviewComplete) -> None:
    (question_id,) = service.pending()
    service.decide(question_id, decision)


def callback_of(folder: Path) -> tuple[str, str]:
    """The question's id, and the URL that the service was told last."""
    (path,) = (folder / "review-service").glob("*/callback.json")
    return path.parent.name, json.loads(path.read_text())["url"]


@pytest.mark.parametrize("decision", [YES, NO])
def test_the_callback_decides(service: ReviewService, decision: ReviewComplete) -> None:
    run = start(while_waiting=lambda wait: decide(service, decision))

    run.completes(
        {
            "title": "Tides",
            "published": decision.approved,
            "reviewer": "mia",
            "note": decision.note,
        }
    )


def test_only_the_callback_itself_is_let_in(new_folder: Callable[[], Path]) -> None:
    folder, statuses = new_folder(), list[int]()

    def act(wait: Wait) -> None:
        key, url = callback_of(folder)
        content = {"id": key, **YES.to_dict()}
        statuses.extend(
            [
                post(url.partition("?")[0], content),
                post(url, {**content, "id": "another"}),
                post(url, {"id": key, "approved": "perhaps"}),
                post(url, content),
            ]
        )

    start(while_waiting=act).completes()
    assert statuses == [404, 409, 400, 204]


def test_what_was_decided_while_nobody_listened_is_found(
    service: ReviewService,
) -> None:
    def act(wait: Wait) -> None:
        (question_id,) = service.pending()
        service.call_back(question_id, "http://127.0.0.1:9/decision?key=gone")
        service.decide(question_id, YES)

    start(while_waiting=act).completes()


def test_it_is_cut_when_nobody_calls(service: ReviewService) -> None:
    run = start(while_waiting=Wait.run_out, wait_limit=30)

    run.fails("TimeoutError")
    assert run.error["limit_seconds"] == 30


def test_it_asks_once_whatever_dies(new_folder: Callable[[], Path]) -> None:
    def story() -> None:
        folder, service, urls = new_folder(), ReviewService(), set[str]()

        def act(wait: Wait) -> None:
            urls.add(callback_of(folder)[1])
            for question_id in service.pending():
                service.decide(question_id, YES)

        start(while_waiting=act).completes()
        assert len(list((folder / "review-service").iterdir())) == 1

    assert survive_crashes(story) > 5


def test_each_door_has_a_key_of_its_own() -> None:
    with CallbackDoor("a") as first, CallbackDoor("a") as second:
        assert first.path != second.path
