"""Signing in and out, and what those meet who are not signed in."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client, RequestFactory

from project.outage import server_error

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)")


def test_a_stranger_comes_back_to_the_page_that_he_wanted(client: Client) -> None:
    response = client.get("/queue/?tab=all")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/queue/%3Ftab%3Dall"


def test_a_name_and_a_password_open_the_queue(client: Client) -> None:
    User.objects.create_user("mia", password="a long secret")
    sent = {"username": "mia", "password": "a long secret", "next": "/queue/?tab=all"}
    assert client.post("/login/", sent)["Location"] == "/queue/?tab=all"
    assert client.get("/queue/").status_code == 200


def test_a_wrong_password_keeps_the_name_and_says_so(client: Client) -> None:
    page = client.post("/login/", {"username": "mia", "password": "x"})
    assert "do not go together" in page.content.decode()
    assert 'value="mia"' in page.content.decode()


def test_nobody_is_sent_to_another_site(client: Client) -> None:
    User.objects.create_user("mia", password="a long secret")
    sent = {"username": "mia", "password": "a long secret", "next": "https://evil.test"}
    assert client.post("/login/", sent)["Location"] == "/queue/"


def test_whoever_is_signed_in_goes_straight_to_the_queue(
    ada: User, signed_in: SignedIn
) -> None:
    assert signed_in(ada).get("/login/")["Location"] == "/queue/"
    assert signed_in(ada).get("/")["Location"] == "/queue/"


def test_signing_out_is_a_post(ada: User, signed_in: SignedIn) -> None:
    client = signed_in(ada)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/queue/").status_code == 302


def test_a_fragment_is_refused_without_leaving_the_page(client: Client) -> None:
    response = client.get("/queue/news/", headers={"HX-Request": "true"})
    assert response.status_code == 401


def test_pages_of_people_stay_out_of_caches(ada: User, signed_in: SignedIn) -> None:
    assert "no-store" in signed_in(ada).get("/queue/")["Cache-Control"]


@pytest.mark.parametrize("address", ["/queue/", "/login/", "/nowhere/"])
def test_no_page_has_inline_code(ada: User, signed_in: SignedIn, address: str) -> None:
    client = Client() if address == "/login/" else signed_in(ada)
    response = client.get(address)
    assert not INLINE.search(response.content.decode())
    assert "script-src 'self'" in response["Content-Security-Policy"]


def test_a_page_that_is_not_there_has_the_frame(ada: User, signed_in: SignedIn) -> None:
    response = signed_in(ada).get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    assert 'id="nav-queue"' in response.content.decode()


def test_a_form_that_is_too_old_says_that_nothing_was_sent(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    response = client.post("/logout/")
    assert response.status_code == 403
    assert "Nothing was sent" in response.content.decode()


def fails_with(error: Exception) -> tuple[int, str, str]:
    try:
        raise error
    except type(error):
        response = server_error(RequestFactory().get("/queue/"))
    retry = response.headers.get("Retry-After", "")
    return response.status_code, retry, response.content.decode()


def test_a_failure_says_that_it_is_ours() -> None:
    status, retry, page = fails_with(KeyError("x"))
    assert (status, retry) == (500, "")
    assert "It is our fault" in page


def test_without_the_database_a_page_says_when_to_try_again() -> None:
    status, retry, page = fails_with(OperationalError("gone"))
    assert (status, retry) == (503, "5")
    assert "The database is away" in page
