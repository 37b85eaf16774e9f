"""The queue as CSV, and what an empty queue says."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import AsyncClient, Client, override_settings

from review_app.queue_list import QueueList
from review_app.queue_page import export
from tests.review.queueing import answer, one
from workflows_app.runtime import claims

SignedIn = Callable[[User], Client]


def rows(view: QueueList, user: User) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO("".join(export.export(view, user)))))


@pytest.mark.django_db
def test_it_has_the_rows_of_the_list_in_their_order(
    ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)
    for subject in ("apples 1", "apples 2", "apples 3", "pears"):
        asked = one(subject, tags={"region": "eu"})
        claims.claim(bob, asked.pk)
    found = rows(QueueList(tab="all", sort="newest", filters={"q": "apples"}), ada)
    assert [row["subject"] for row in found] == ["apples 3", "apples 2", "apples 1"]
    assert {row["owner"] for row in found} == {"bob"}
    assert {row["tags"] for row in found} == {"region=eu"}
    assert {row["step"] for row in found} == {"ask"}


@pytest.mark.django_db
def test_decided_ones_say_by_whom(ada: User) -> None:
    answer(one("apples"), ada)
    (row,) = rows(QueueList(tab="decided"), ada)
    assert (row["decided by"], row["outcome"]) == ("ada", "approve")


@pytest.mark.django_db
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(ada: User, sign: str) -> None:
    one(f"{sign}1+1", tags={"=x": "y"})
    (row,) = rows(QueueList(), ada)
    assert row["subject"].startswith(("'", "␍"))
    assert row["tags"] == "'=x=y"


@pytest.mark.django_db
def test_there_are_so_many_at_most(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST", 1)
    one("apples"), one("pears")
    assert len(rows(QueueList(), ada)) == 1


@pytest.mark.django_db(transaction=True)
async def test_it_is_sent_in_parts(ada: User) -> None:
    client = AsyncClient()
    await client.aforce_login(ada)
    response = await client.get("/queue/export.csv?q=nothing")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "queue.csv" in response["Content-Disposition"]
    parts = [part async for part in response]  # type: ignore[attr-defined]
    assert b"".join(parts).startswith(b"id,subject,workflow")


def page(client: Client, address: str = "/queue/") -> str:
    return str(client.get(address).content.decode())


@pytest.mark.django_db
def test_all_clear_tells_of_the_days_work(ada: User, signed_in: SignedIn) -> None:
    asked = one("apples")
    answer(asked, ada)
    told = page(signed_in(ada))
    assert "All clear" in told
    assert "You decided 1 today, median" in told


@pytest.mark.django_db
def test_who_is_in_no_group_learns_whom_to_ask(
    eve: User, root: User, signed_in: SignedIn
) -> None:
    assert "Ask <bdi>root</bdi> to add you" in page(signed_in(eve))


@pytest.mark.django_db
def test_the_first_run_shows_how_a_step_asks(ada: User, signed_in: SignedIn) -> None:
    told = page(signed_in(ada))
    assert "@step" in told
    assert "InputRequestEvent(" in told
    assert "Load demo requests" in told


@pytest.mark.django_db
def test_there_is_no_demo_in_production(ada: User, signed_in: SignedIn) -> None:
    with override_settings(PROFILE="production"):
        assert settings.PROFILE == "production"
        assert "Load demo requests" not in page(signed_in(ada))
        assert signed_in(ada).post("/queue/demo/").status_code == 404


@pytest.mark.django_db
def test_demo_requests_need_a_worker_and_who_may_start(
    ada: User, eve: User, signed_in: SignedIn
) -> None:
    client = signed_in(ada)
    assert client.post("/queue/demo/").status_code == 303
    assert "No worker offers the sample workflows." in page(client)
    assert signed_in(eve).post("/queue/demo/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("mine", "You hold nothing"),
        ("snoozed", "Nothing is snoozed"),
        ("decided", "You have decided nothing yet"),
    ],
)
def test_an_empty_tab_says_of_what(
    ada: User, signed_in: SignedIn, tab: str, words: str
) -> None:
    one("apples")
    assert words in page(signed_in(ada), f"/queue/?tab={tab}")
