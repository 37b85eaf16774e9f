"""What an open page of the queue hears: news beside the list, changes inside of rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from review_app.models import Draft, Presence, Snooze
from review_app.queue_list import QueueList
from review_app.queue_page.page import QueuePage
from tests.factories import make_request
from tests.policies import two_needed
from tests.review.queueing import answer, one
from workflows_app.models import InputRequest, Run
from workflows_app.runtime import claims, comments

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
Act = Callable[[InputRequest, User], object]


def ago(**time: float) -> str:
    return (timezone.now() - timedelta(**time)).isoformat()


def drawn(user: User, *requests: InputRequest) -> list[str]:
    """What a page that shows these rows would send."""
    rows = QueuePage(QueueList(), user).rows_of([asked.pk for asked in requests])
    return [f"{row.asked.pk}:{row.mark}" for row in rows]


def news(client: Client, query: str = "", **sent: Any) -> str:
    """What a page hears that was drawn an hour ago."""
    response = client.get(f"/queue/news/?{query}", {"since": ago(hours=1), **sent})
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_row_that_says_the_same_is_left_alone(ada: User, signed_in: SignedIn) -> None:
    asked = one("apples")
    told = news(signed_in(ada), drawn=drawn(ada, asked))
    assert f"facts-{asked.pk}" not in told
    assert f"row-{asked.pk}" not in told


def _let_bob_look(asked: InputRequest, bob: User) -> None:
    moment = timezone.now()
    Presence.objects.create(user=bob, request=asked, state="typing", seen_at=moment)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda asked, bob: claims.claim(bob, asked.pk), "<bdi>bob</bdi>, until"),
        (lambda asked, bob: comments.say(bob, asked.pk, "Hm."), "1<span"),
        (_let_bob_look, "<bdi>bob</bdi> has unsaved text"),
        (answer, "1/2"),
    ],
    ids=["claim", "comment", "presence", "vote"],
)
def test_what_others_do_changes_what_a_row_says_and_nothing_that_has_the_focus(
    ada: User, bob: User, signed_in: SignedIn, act: Act, words: str
) -> None:
    asked = make_request(two_needed)
    known = drawn(ada, asked)
    act(asked, bob)
    told = news(signed_in(ada), drawn=known)
    assert f'id="facts-{asked.pk}" hx-swap-oob="true"' in told
    assert words in told
    assert f'id="row-{asked.pk}"' not in told
    assert f'id="open-{asked.pk}"' not in told


def test_ones_own_draft_and_snooze_are_told(ada: User, signed_in: SignedIn) -> None:
    asked, now = one("apples"), timezone.now()
    known = drawn(ada, asked)
    Draft.objects.create(user=ada, request=asked, form="a=1", saved_at=now)
    Snooze.objects.create(user=ada, request=asked, until=now + timedelta(hours=2))
    told = news(signed_in(ada), drawn=known)
    assert "your draft" in told
    assert "snoozed, back" in told


def test_a_deadline_that_comes_near_changes_the_badge(
    ada: User, signed_in: SignedIn
) -> None:
    asked = one("apples", expires_at=timezone.now() + timedelta(days=2))
    known = drawn(ada, asked)
    InputRequest.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    assert "Soon, due" in news(signed_in(ada), drawn=known)


def test_what_was_decided_elsewhere_says_by_whom_and_cannot_be_chosen(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = one("apples")
    known = drawn(ada, asked)
    answer(asked, bob)
    told = news(signed_in(ada), drawn=known)
    assert f'id="row-{asked.pk}" hx-swap-oob="true"' in told
    assert "Approved by <bdi>bob</bdi>" in told
    assert f'id="pick-{asked.pk}"' in told
    assert " disabled>" in told
    assert 'name="drawn"' not in told


def test_what_i_decided_leaves(ada: User, signed_in: SignedIn) -> None:
    asked = one("apples")
    known = drawn(ada, asked)
    answer(asked, ada)
    told = news(signed_in(ada), drawn=known)
    assert f'<li id="row-{asked.pk}" hx-swap-oob="delete">' in told


def test_a_decision_by_deadline_names_no_person(ada: User, signed_in: SignedIn) -> None:
    asked = one("apples")
    answer(asked, ada)
    asked.responses.update(responder_kind="deadline", responder="deadline", user=None)
    page = signed_in(ada).get("/queue/news/", {"drawn": f"{asked.pk}:x"})
    assert "Approved by deadline" in page.content.decode()


@pytest.mark.parametrize(
    ("told", "told_at", "is_announced"),
    [
        ("0", "", True),
        ("0", "long ago", True),
        ("0", "just now", False),
        ("1", "", False),
    ],
)
def test_new_requests_are_announced_every_ten_seconds_at_most(
    ada: User, signed_in: SignedIn, told: str, told_at: str, is_announced: bool
) -> None:
    one("apples")
    at = {"long ago": ago(seconds=11), "just now": ago(seconds=2), "": ""}[told_at]
    heard = news(signed_in(ada), told=told, told_at=at)
    assert ("1 new request, 1 in this list." in heard) is is_announced
    assert ("load delay:10s" in heard) is (told_at == "just now")


def test_odd_news_are_read_as_none(ada: User, signed_in: SignedIn) -> None:
    one("apples")
    sent: dict[str, Any] = {
        "told": "x",
        "told_at": "y",
        "drawn": ["", "x:y", "::", "\0"],
    }
    assert "1 new request" in news(signed_in(ada), **sent)


def test_nothing_in_the_news_is_a_form_or_a_field_to_type_in(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = one("apples")
    known = drawn(ada, asked)
    answer(asked, bob)
    told = news(signed_in(ada), drawn=known)
    assert "<form" not in told
    assert 'type="text"' not in told


def test_a_badge_says_what_the_deadline_does_and_when_it_waits(
    ada: User, signed_in: SignedIn
) -> None:
    past = timezone.now() - timedelta(minutes=12)
    one("apples", expires_at=past, policy='{"due_in": 60, "on_due": "reject"}')
    client = signed_in(ada)
    page = client.get("/queue/").content.decode()
    assert "Late, was due" in page
    assert "→ auto: “<bdi>Reject</bdi>” any moment" in page
    Run.objects.update(paused=True)
    page = client.get("/queue/").content.decode()
    assert "→ auto: “<bdi>Reject</bdi>” once the run is resumed" in page
