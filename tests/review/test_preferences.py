"""Preferences: kept for a person, and obeyed by every page."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from review_app.models import Preferences
from review_app.preferences import preferences_of
from workflows_app.models import MailWish

SignedIn = Callable[[User], Client]
WANTED = {"theme": "dark", "undo_seconds": "10", "auto_advance": "on"}

pytestmark = pytest.mark.django_db


def test_who_has_never_chosen_gets_the_defaults(ada: User) -> None:
    kept = preferences_of(ada)
    assert (kept.theme, kept.undo_seconds) == ("auto", 5)
    assert kept.auto_advance
    assert kept.single_keys
    assert not Preferences.objects.exists()


def test_what_is_chosen_is_kept_and_every_page_obeys(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(ada)

    reply = client.post("/preferences/", WANTED)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/preferences/")
    kept = Preferences.objects.get(user=ada)
    assert (kept.theme, kept.undo_seconds, kept.auto_advance) == ("dark", 10, True)
    assert (kept.single_keys, kept.notifies) == (False, False)
    page = client.get("/queue/").content.decode()
    assert '<html lang="en" data-theme="dark" data-keys="off">' in page
    others = signed_in(bob).get("/queue/").content.decode()
    assert '<html lang="en" data-theme="auto">' in others


@pytest.mark.parametrize("wrong", [{"undo_seconds": "7"}, {"theme": "pink"}])
def test_what_is_not_offered_is_refused_and_nothing_is_kept(
    ada: User, signed_in: SignedIn, wrong: dict[str, str]
) -> None:
    reply = signed_in(ada).post("/preferences/", WANTED | wrong)

    assert reply.status_code == 422
    assert 'id="error-summary"' in reply.content.decode()
    assert not Preferences.objects.exists()


def test_the_form_shows_what_was_chosen(ada: User, signed_in: SignedIn) -> None:
    Preferences.objects.create(user=ada, undo_seconds=30, notifies=True)

    form = signed_in(ada).get("/preferences/").context["form"]

    assert form["undo_seconds"].value() == 30
    assert (form["theme"].value(), form["notifies"].value()) == ("auto", True)


def test_where_there_is_e_mail_everybody_chooses_how_much(
    ada: User, signed_in: SignedIn, settings: Settings
) -> None:
    settings.MAIL = True
    client = signed_in(ada)
    page = client.get("/preferences/").content.decode()
    assert "You have no address here yet" in page

    client.post("/preferences/", WANTED | {"told_when": "named"})
    User.objects.filter(pk=ada.pk).update(email="ada@example.org")

    assert MailWish.objects.get().told_when == "named"
    form = client.get("/preferences/").context["form"]
    assert form["told_when"].value() == "named"
    assert "ada@example.org" in form["told_when"].help_text
    wrong = client.post("/preferences/", WANTED | {"told_when": "hourly"})
    assert wrong.status_code == 422


def test_where_there_is_no_e_mail_nothing_is_asked_about_it(
    ada: User, signed_in: SignedIn
) -> None:
    assert "E-mail me" not in signed_in(ada).get("/preferences/").content.decode()
