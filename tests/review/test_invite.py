"""An invitation: a command prints a link, the link sets a password, once."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

pytestmark = pytest.mark.django_db
PASSWORD = {"new_password1": "quiet-harbour-9", "new_password2": "quiet-harbour-9"}


def invite(*arguments: str) -> str:
    """The path of the printed link."""
    printed = StringIO()
    call_command("invite", *arguments, "--url", "https://h.example", stdout=printed)
    return printed.getvalue().strip().removeprefix("https://h.example")


def test_who_is_invited_sets_a_password_and_is_signed_in() -> None:
    client = Client()
    page = client.get(invite("mia", "reviewers"), follow=True)
    assert "Welcome" in page.content.decode()

    done = client.post(page.redirect_chain[-1][0], PASSWORD)

    assert done.headers["Location"] == "/queue/"
    assert client.get("/queue/").status_code == 200
    mia = User.objects.get(username="mia")
    assert mia.check_password(PASSWORD["new_password1"])
    assert [group.name for group in mia.groups.all()] == ["reviewers"]


def test_a_link_is_good_once() -> None:
    link = invite("mia", "reviewers")
    client = Client()
    client.post(client.get(link, follow=True).redirect_chain[-1][0], PASSWORD)

    again = Client().get(link, follow=True)

    assert "no longer good" in again.content.decode()


def test_a_weak_password_is_told_beside_its_field() -> None:
    client = Client()
    address = client.get(invite("mia", "reviewers"), follow=True).redirect_chain[-1][0]

    page = client.post(address, {"new_password1": "1234", "new_password2": "1234"})

    assert "too short" in page.content.decode()


def test_an_unknown_group_is_named_and_nobody_is_made() -> None:
    with pytest.raises(CommandError, match="leads, operators, reviewers"):
        invite("mia", "reviewrs")

    assert not User.objects.filter(username="mia").exists()


def test_a_second_invitation_adds_groups_and_keeps_the_person() -> None:
    invite("mia", "reviewers")
    invite("mia", "leads")

    mia = User.objects.get(username="mia")
    assert {group.name for group in mia.groups.all()} == {"reviewers", "leads"}
