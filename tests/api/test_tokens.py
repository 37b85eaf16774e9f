"""Who may come in, how far, and how often."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.factories import make_request, make_run
from workflows_app.api import tokens
from workflows_app.models import ApiToken, Scope
from workflows_app.rates import Rates

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]


def test_only_the_hash_of_a_token_is_kept(ada: User) -> None:
    issued = tokens.issue(ada, "ci", [Scope.READ])

    (row,) = ApiToken.objects.values()
    assert issued.text.startswith("hp_")
    assert issued.text not in str(row)
    assert row["token_hash"] == sha256(issued.text.encode()).hexdigest()


def test_a_token_sees_what_its_person_sees(
    ada: User, eve: User, program: Programs
) -> None:
    run = make_run()

    assert program(ada).get(f"/runs/{run.pk}").json()["id"] == str(run.pk)
    assert program(eve).get(f"/runs/{run.pk}").status_code == 404
    assert program(eve).get("/runs").json() == {"items": [], "next": None}
    assert program(eve).get("/requests").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    "value", ["", "hp_nothing", "Bearer", "Bearer hp_nothing", "Basic hp_nothing", "é"]
)
def test_who_shows_no_token_of_ours_is_asked_for_one(value: str) -> None:
    reply = Client().get("/api/v1/runs", headers={"authorization": value})

    assert reply.status_code == 401
    assert reply["WWW-Authenticate"].startswith("Bearer")
    assert reply.json()["error"]["code"] == "unauthorized"


def test_an_expired_a_revoked_and_a_leavers_token_are_unknown(
    ada: User, bob: User, program: Programs
) -> None:
    expired = program(ada, expires_at=timezone.now() - timedelta(seconds=1))
    revoked = program(ada)
    tokens.revoke([ApiToken.objects.latest("id").pk])
    leavers = program(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    replies = [each.get("/runs") for each in (expired, revoked, leavers)]

    assert [reply.status_code for reply in replies] == [401, 401, 401]
    assert len({reply.content for reply in replies}) == 1


def test_a_token_without_the_scope_is_told_which(ada: User, program: Programs) -> None:
    asked = make_request()
    reader = program(ada, Scope.READ)

    reply = reader.post(f"/requests/{asked.pk}/response", {"response": {"amount": 1}})

    assert reply.status_code == 403
    assert reply.json()["error"]["message"] == "This token lacks the scope answer."
    assert 'scope="answer"' in reply["WWW-Authenticate"]
    asked.refresh_from_db()
    assert asked.is_open


def test_the_last_use_is_noted_coarsely(ada: User, program: Programs) -> None:
    reader = program(ada)
    reader.get("/runs")
    first = ApiToken.objects.get().last_used_at
    reader.get("/runs")

    assert first is not None
    assert ApiToken.objects.get().last_used_at == first


def test_who_asks_too_often_is_told_when_to_come_back(
    ada: User, program: Programs
) -> None:
    reader = program(ada, rate=2)

    statuses = [reader.get("/runs").status_code for _ in range(3)]
    reply = reader.get("/runs")

    assert statuses == [200, 200, 429]
    assert 0 < int(reply["Retry-After"]) <= 30
    assert reply.json()["error"]["code"] == "too_many_requests"
    assert program(ada).get("/runs").status_code == 200


def test_who_guesses_is_sent_away() -> None:
    guess = {"authorization": "Bearer hp_guess"}

    statuses = [
        Client().get("/api/v1/runs", headers=guess).status_code for _ in range(11)
    ]

    assert statuses == [401] * 10 + [429]


def test_a_minutes_worth_comes_back_in_a_minute() -> None:
    now = 0.0
    rates = Rates(clock=lambda: now)

    assert [rates.take("a", 60) for _ in range(60)] == [0] * 60
    assert rates.take("a", 60) == pytest.approx(1)
    assert rates.take("b", 60) == 0
    now = 1.0
    assert rates.take("a", 60) == 0
    assert rates.take("a", 60) == pytest.approx(1)


def test_a_session_of_the_browser_is_no_token(
    ada: User, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(ada).get("/api/v1/runs").status_code == 401
