"""Preferences by the API: those of the page."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from review_app.api import preferences as room
from review_app.models import Preferences
from workflows_app.models import MailWish, Scope

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_the_words_are_those_of_the_page() -> None:
    assert list(get_args(room.Theme)) == Preferences.Theme.values
    assert list(get_args(room.ToldWhen)) == MailWish.ToldWhen.values


def test_what_is_left_out_stays(ada: User, bob: User, program: Programs) -> None:
    ours = program(ada)
    ours.post("/preferences", {"theme": "dark", "single_keys": False})

    changed = ours.post("/preferences", {"undo_seconds": 0, "notifies": True}, key="p")
    again = ours.post("/preferences", {"undo_seconds": 0, "notifies": True}, key="p")

    wanted = {
        "theme": "dark",
        "undo_seconds": 0,
        "auto_advance": True,
        "single_keys": False,
        "notifies": True,
        "told_when": None,
    }
    assert changed.json() == ours.get("/preferences").json() == wanted
    assert again["Idempotency-Replayed"] == "true"
    assert Preferences.objects.get().user == ada
    assert program(bob).get("/preferences").json()["theme"] == "auto"


def test_of_what_one_is_told_by_e_mail_is_chosen_where_any_is_sent(
    ada: User, program: Programs, settings: LazySettings
) -> None:
    ours = program(ada)
    refused = ours.post("/preferences", {"told_when": "never", "theme": "dark"})
    assert error(refused) == (400, "invalid_input")
    assert refused.json()["error"]["path"] == ["told_when"]
    assert not Preferences.objects.exists()
    settings.MAIL = True

    assert ours.get("/preferences").json()["told_when"] == "asked"
    assert ours.post("/preferences", {"told_when": "never"}).status_code == 200
    assert ours.post("/preferences", {"theme": "dark"}).json()["told_when"] == "never"
    assert MailWish.objects.get().told_when == "never"


@pytest.mark.parametrize(
    "odd",
    [
        {"theme": "pink"},
        {"undo_seconds": 7},
        {"undo_seconds": False},
        {"notifies": 1},
        {"odd": True},
    ],
)
def test_what_is_not_offered_is_refused(
    ada: User, program: Programs, odd: dict[str, Any]
) -> None:
    reply = program(ada).post("/preferences", odd)

    assert error(reply) == (400, "invalid_input")
    assert reply.json()["error"]["path"] == list(odd)
    assert not Preferences.objects.exists()
    reader = program(ada, Scope.READ)
    assert error(reader.post("/preferences", {})) == (403, "missing_scope")
