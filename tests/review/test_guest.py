"""The page of a guest: one request, one use, and nothing but a POST changes anything."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from review_app.misses import MOST, Misses
from review_app.views import guest as guest_views
from tests.factories import make_request
from tests.flows import decide
from tests.journeys.house import hidden_fields
from workflows_app.engine import (
    Context,
    InputRequestEvent,
    Outcome,
    StartEvent,
    Workflow,
    step,
)
from workflows_app.models import AnswerLink, InputRequest
from workflows_app.runtime import answer_links, claims
from workflows_app.runtime.answer_links import Guest
from workflows_app.runtime.handler import Handler

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


@step(name="ask")
def ask_to_wipe(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask for something that cannot be undone."""
    wipe = Outcome("wipe", "Wipe", "danger", confirm="wipe")
    return InputRequestEvent("wipe", "Wipe it?", outcomes=[wipe])


wiping = Workflow("wiping", [ask_to_wipe, decide])


@pytest.fixture(autouse=True)
def _no_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_views, "_misses", Misses())


def issue(asked: InputRequest, **guest: object) -> str:
    """Make a link; the path to open."""
    made = answer_links.issue(asked.pk, Guest("Charles", **guest))  # type: ignore[arg-type]
    return made.address.removeprefix("http://127.0.0.1:8000")


def open_link(path: str, client: Client | None = None) -> tuple[Client, str]:
    """Open it as a browser does; the browser, and the page."""
    client = client or Client()
    reply = client.get(path, follow=True)
    return client, reply.content.decode()


def send(client: Client, page: str, **answer: str) -> HttpResponse:
    fields = {**hidden_fields(page), "answer-amount": "120", "outcome": "approve"}
    sent = {name: value for name, value in {**fields, **answer}.items() if value}
    reply: HttpResponse = client.post("/a/", sent)  # type: ignore[assignment]
    return reply


# It works


def test_a_guest_answers_without_an_account() -> None:
    asked = make_request()
    client, page = open_link(issue(asked))
    assert "Deploy api 4.2?" in page
    assert "For <bdi>Charles</bdi>" in page

    reply = send(client, page)

    assert (reply.status_code, reply["Location"]) == (303, "/a/done/")
    asked.refresh_from_db()
    assert asked.status == "answered"
    vote = asked.responses.get()
    assert (vote.responder, vote.door, vote.value) == (
        "Charles",
        "link",
        {"amount": 120},
    )
    assert "recorded" in client.get("/a/done/").content.decode()


def test_a_guest_finds_no_way_to_other_pages() -> None:
    _, page = open_link(issue(make_request()))

    assert 'href="/queue/' not in page
    assert 'href="/runs/' not in page
    assert "<script" not in page


def test_the_address_with_the_token_leads_to_one_without() -> None:
    path = issue(make_request())
    token = path.split("/")[2]

    reply = Client().get(path)
    cookie = reply.cookies[guest_views.COOKIE]

    assert (reply.status_code, reply["Location"]) == (303, "/a/")
    assert (cookie.value, cookie["path"], cookie["httponly"]) == (token, "/a/", True)
    assert token not in open_link(path)[1]


def test_no_cache_no_search_engine_and_no_other_page_learns_of_it() -> None:
    path = issue(make_request())
    client = Client()

    first = client.get(path)
    second = client.get("/a/")

    for reply in (first, second):
        assert "no-store" in reply["Cache-Control"]
        assert "noindex" in reply["X-Robots-Tag"]
    assert first["Referrer-Policy"] == "no-referrer"
    assert second["Referrer-Policy"] == "same-origin"


# What it changes


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(method: str) -> None:
    asked = make_request()
    path = issue(asked)
    before = AnswerLink.objects.values().get()

    for _ in range(20):
        client = Client()
        for address in (path, "/a/", "/a/done/", "/a/shown/?at=/prompt"):
            getattr(client, method)(address)

    asked.refresh_from_db()
    assert asked.is_open
    assert AnswerLink.objects.values().get() == before


def test_a_claim_of_a_reviewer_does_not_keep_the_guest_out(ada: User) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)
    client, page = open_link(issue(asked))

    assert send(client, page).status_code == 303


def test_who_presses_twice_is_told_twice_that_it_is_recorded() -> None:
    asked = make_request()
    client, page = open_link(issue(asked))
    token = client.cookies[guest_views.COOKIE].value

    first = send(client, page)
    client.cookies[guest_views.COOKIE] = token
    second = send(client, page)

    assert first["Location"] == second["Location"] == "/a/done/"
    assert asked.responses.count() == 1


def test_what_does_not_fit_is_shown_and_the_link_stays_good() -> None:
    asked = make_request()
    client, page = open_link(issue(asked))

    wrong = send(client, page, **{"answer-amount": "9000", "answer-note": "Mine"})

    assert wrong.status_code == 422
    assert 'id="error-summary"' in wrong.content.decode()
    assert "Mine" in wrong.content.decode()
    assert send(client, page).status_code == 303


def test_a_danger_is_confirmed_by_the_server() -> None:
    asked = make_request(wiping)
    client, page = open_link(issue(asked))

    once = send(client, page, outcome="wipe")
    asked.refresh_from_db()
    assert asked.is_open
    confirm = once.content.decode()
    wrong = send(client, confirm, outcome="", confirmed="wipe", **{"word-wipe": "no"})
    right = send(client, confirm, outcome="", confirmed="wipe", **{"word-wipe": "wipe"})

    assert "type the word" in confirm
    assert wrong.status_code == 422
    assert right.status_code == 303


def test_only_the_outcomes_of_the_link_are_offered() -> None:
    asked = make_request()
    client, page = open_link(issue(asked, outcomes=("reject",)))

    refused = send(client, page, outcome="approve")

    assert 'value="approve"' not in page
    assert refused.status_code == 422
    assert not asked.responses.exists()


# Who may not


def test_a_form_of_another_site_is_refused() -> None:
    asked = make_request()
    client = Client(enforce_csrf_checks=True)
    _, page = open_link(issue(asked), client)
    token = hidden_fields(page)["csrfmiddlewaretoken"]

    without = send(client, page, csrfmiddlewaretoken="")

    assert without.status_code == 403
    assert not asked.responses.exists()
    assert send(client, page, csrfmiddlewaretoken=token).status_code == 303


def test_who_must_sign_in_sees_nothing_before(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request()
    path = answer_links.issue(asked.pk, Guest("ada", needs_sign_in=True)).address
    path = path.removeprefix("http://127.0.0.1:8000")

    _, stranger = open_link(path)
    _, other = open_link(path, signed_in(bob))
    client, page = open_link(path, signed_in(ada))

    for seen in (stranger, other):
        assert "Sign in to answer" in seen
        assert "Deploy" not in seen
    assert "next=/a/" in stranger
    assert send(client, page).status_code == 303


def test_a_whole_part_is_shown_to_the_guest_alone() -> None:
    client, _ = open_link(issue(make_request()))

    assert "Deploy" in client.get("/a/shown/?at=/prompt").content.decode()
    assert Client().get("/a/shown/?at=/prompt").status_code == 404


# What is too late or wrong


def test_a_link_that_is_over_tells_nothing(ada: User) -> None:
    used, revoked, expired, closed = (make_request() for _ in range(4))
    paths = [issue(asked) for asked in (used, revoked, expired, closed)]
    client, page = open_link(paths[0])
    send(client, page)
    answer_links.revoke(AnswerLink.objects.get(request=revoked))
    AnswerLink.objects.filter(request=expired).update(
        expires_at=F("expires_at") - timedelta(days=8)
    )
    Handler(closed.run_id).respond_to_input(closed.request_id, {"amount": 1})

    unknown = Client().get("/a/never-was/", follow=True)
    pages = [Client().get(path, follow=True) for path in paths]

    assert {reply.status_code for reply in (*pages, unknown)} == {410}
    assert {reply.content for reply in pages} == {unknown.content}
    assert "Deploy" not in unknown.content.decode()


def test_who_is_too_late_gets_his_text_back() -> None:
    asked = make_request()
    client, page = open_link(issue(asked))
    Handler(asked.run_id).respond_to_input(asked.request_id, {"amount": 1})

    late = send(client, page, **{"answer-note": "All my thoughts"})

    assert late.status_code == 410
    assert "All my thoughts" in late.content.decode()
    assert asked.responses.count() == 1


def test_a_link_that_is_over_tells_nothing_of_what_does_not_fit() -> None:
    asked = make_request()
    client, page = open_link(issue(asked))
    answer_links.revoke(AnswerLink.objects.get())

    for amount in ("9000", "", "120"):
        late = send(client, page, **{"answer-amount": amount})

        assert late.status_code == 410
        assert "Deploy" not in late.content.decode()
    assert not asked.responses.exists()


def test_a_form_of_one_link_is_not_answered_with_another() -> None:
    first, second = make_request(), make_request()
    client, page = open_link(issue(first))
    open_link(issue(second), client)

    assert send(client, page).status_code == 410
    assert not first.responses.exists()
    assert not second.responses.exists()


def test_who_guesses_has_to_wait(settings: Settings) -> None:
    path = issue(make_request())
    for number in range(MOST):
        assert Client().get(f"/a/guess-{number}/").status_code == 410

    refused = Client().get(path)
    other = Client(REMOTE_ADDR="10.0.0.9").get(path)

    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert other.status_code == 303


def test_behind_a_proxy_each_visitor_guesses_for_himself(settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = issue(make_request())
    for number in range(MOST):
        Client(headers={"X-Forwarded-For": "6.6.6.6"}).get(f"/a/guess-{number}/")

    guesser = Client(headers={"X-Forwarded-For": "1.1.1.1, 6.6.6.6"}).get(path)
    other = Client(headers={"X-Forwarded-For": "6.6.6.6, 1.1.1.1"}).get(path)

    assert (guesser.status_code, other.status_code) == (429, 303)


# Making them


def test_a_reviewer_makes_a_link_and_sees_its_address_once(
    ada: User, signed_in: SignIn
) -> None:
    asked = make_request()
    client = signed_in(ada)
    address = reverse("review:make_link", args=[asked.pk])

    made = client.post(address, {"person": "Charles"}, headers={"HX-Request": "true"})
    later = client.get(reverse("review:decision", args=[asked.pk]))

    assert "/a/" in made.content.decode()
    assert 'id="new-link"' in made.content.decode()
    assert "Charles" in later.content.decode()
    assert "/a/" not in later.content.decode()
    assert "no-store" in made["Cache-Control"]


def test_without_scripts_the_address_has_a_page(ada: User, signed_in: SignIn) -> None:
    asked = make_request()

    made = signed_in(ada).post(
        reverse("review:make_link", args=[asked.pk]), {"person": "Charles"}
    )

    assert made.status_code == 200
    assert "http://127.0.0.1:8000/a/" in made.content.decode()


def test_who_may_not_make_links_makes_none(
    eve: User, ada: User, signed_in: SignIn
) -> None:
    asked = make_request()
    address = reverse("review:make_link", args=[asked.pk])

    assert signed_in(eve).post(address, {"person": "C"}).status_code == 404
    nobody = signed_in(ada).post(address, {"person": " "}, headers={"HX-Request": "1"})

    assert nobody.status_code == 422
    assert "Name the person" in nobody.content.decode()
    assert not AnswerLink.objects.exists()


def test_a_link_is_revoked_by_who_may_make_one(
    ada: User, eve: User, signed_in: SignIn
) -> None:
    asked, other = make_request(), make_request()
    path = issue(asked)
    link = AnswerLink.objects.get()
    address = reverse("review:revoke_link", args=[asked.pk, link.pk])
    elsewhere = reverse("review:revoke_link", args=[other.pk, link.pk])

    assert signed_in(eve).post(address).status_code == 404
    assert signed_in(ada).post(elsewhere).status_code == 404
    assert Client().get(path).status_code == 303
    assert signed_in(ada).post(address).status_code == 303

    assert open_link(path)[1].count("not in use")
