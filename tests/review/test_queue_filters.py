"""Filters, tabs and orders of the queue: the address says all of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from review_app.models import Snooze
from review_app.queue.order import SORTS
from review_app.queue.tabs import READY
from review_app.queue_list import QueueList
from tests.factories import make_request
from tests.policies import asking, two_needed
from tests.review.queueing import answer, counts, more, one, subjects
from workflows_app.models import InputRequest
from workflows_app.runtime import claims

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
HOUR = timedelta(hours=1)

not_by_starter = asking("not-for-its-starter", starter_may_decide=False)


def read(query: str) -> QueueList:
    return QueueList.read(QueryDict(query))


# The address


def test_a_list_leads_to_the_address_that_leads_to_it() -> None:
    query = (
        "tab=all&q=a+b&workflow=w&due=late&owner=me&tag=k%3Dv&created=day&sort=newest"
    )
    assert read(query).query == query
    assert read(read(query).query) == read(query)


@pytest.mark.parametrize(
    "query", ["", "tab=ready&sort=due", "tab=x&sort=y", "due=x&created=y", "q=&group="]
)
def test_what_means_nothing_is_as_if_it_were_not_there(query: str) -> None:
    assert read(query).query == ""
    assert not read(query).is_filtered


def test_empty_fields_of_the_form_leave_the_address(
    ada: User, signed_in: SignedIn
) -> None:
    response = signed_in(ada).get("/queue/?q=&workflow=refund&due=")
    assert response["Location"] == "/queue/?workflow=refund"


# Filters


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=PEAR", ["pears"]),
        ("q=ums", ["plums"]),
        ("q=p", ["pears", "plums", "apples"]),
        ("q=%25_%5C", []),
        ("workflow=other", ["pears"]),
        ("step=second", ["plums"]),
        ("group=reviewers", ["plums"]),
        ("tag=vip", ["plums"]),
        ("tag=region%3Deu", ["apples"]),
        ("tag=region%3Dus", []),
        ("created=hour", ["pears", "plums"]),
        ("created=week", ["pears", "plums", "apples"]),
        ("workflow=other&tag=vip", []),
    ],
)
def test_each_filter_keeps_its_own(
    ada: User, signed_in: SignedIn, query: str, found: list[str]
) -> None:
    long_ago = timezone.now() - 30 * HOUR
    one("apples", tags={"region": "eu"}, opened_at=long_ago)
    one("pears", workflow="other", priority=2)
    one("plums", step="second", groups=["reviewers"], tags={"vip": "yes"}, priority=1)
    address = f"/queue/?{query}&sort=priority"
    assert subjects(signed_in(ada), address) == found
    assert counts(signed_in(ada), address)[READY] == len(found)


@pytest.mark.parametrize(
    ("due", "found"),
    [
        ("late", ["late"]),
        ("soon", ["last hour", "last quarter"]),
        ("today", ["last hour", "last quarter", "today"]),
        ("none", ["never"]),
    ],
)
def test_deadlines_are_told_apart_as_the_badges_do(
    ada: User, signed_in: SignedIn, due: str, found: list[str]
) -> None:
    now = timezone.now()
    one("never", expires_at=None)
    one("late", opened_at=now - HOUR, expires_at=now - HOUR / 60)
    one("last hour", opened_at=now - HOUR, expires_at=now + HOUR * 0.9)
    one("last quarter", opened_at=now - 10 * HOUR, expires_at=now + 3 * HOUR)
    one("today", opened_at=now - HOUR, expires_at=now + 5 * HOUR)
    one("later", opened_at=now, expires_at=now + 50 * HOUR)
    assert subjects(signed_in(ada), f"/queue/?due={due}") == found
    rows = signed_in(ada).get("/queue/").context["page"].rows
    told = [row.asked.subject for row in rows if row.due == due]
    assert due == "today" or told == found


def test_the_owner_is_who_holds_the_claim(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    mine, his, _ = one("mine"), one("his"), one("free")
    claims.claim(ada, mine.pk)
    claims.claim(bob, his.pk)
    client = signed_in(ada)
    assert subjects(client, "/queue/?tab=all&owner=me") == ["mine"]
    assert subjects(client, "/queue/?tab=all&owner=bob") == ["his"]
    assert subjects(client, "/queue/?tab=all&owner=unclaimed") == ["free"]


def test_the_form_offers_what_occurs_and_what_is_chosen(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = one("plums", step="second", groups=["reviewers"], tags={"vip": "yes"})
    claims.claim(bob, asked.pk)
    found = signed_in(ada).get("/queue/?workflow=gone").context["choices"]
    offered = {each.name: [value for value, _ in each.options] for each in found}
    assert offered["workflow"] == ["", "approval", "gone"]
    assert offered["step"] == ["", "second"]
    assert offered["group"] == ["", "reviewers"]
    assert offered["tag"] == ["", "vip", "vip=yes"]
    assert offered["owner"] == ["", "unclaimed", "me", "bob"]


# Tabs


def test_what_is_claimed_is_mine_or_somebody_elses(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = one("apples")
    claims.claim(ada, asked.pk)
    assert subjects(signed_in(ada), "/queue/?tab=mine") == ["apples"]
    assert subjects(signed_in(ada), "/queue/") == ["apples"]
    assert subjects(signed_in(bob), "/queue/") == []
    assert subjects(signed_in(bob), "/queue/?tab=all") == ["apples"]
    claims.release(ada, asked.pk)
    assert subjects(signed_in(bob), "/queue/") == ["apples"]
    assert subjects(signed_in(ada), "/queue/?tab=mine") == []


def test_what_is_snoozed_is_away_for_one_person_until_it_is_over(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked, now = one("apples"), timezone.now()
    kept = Snooze.objects.create(user=ada, request=asked, until=now + HOUR)
    assert subjects(signed_in(ada), "/queue/") == []
    assert subjects(signed_in(ada), "/queue/?tab=snoozed") == ["apples"]
    assert subjects(signed_in(ada), "/queue/?tab=all") == ["apples"]
    assert subjects(signed_in(bob), "/queue/") == ["apples"]
    Snooze.objects.filter(pk=kept.pk).update(until=now - HOUR)
    assert subjects(signed_in(ada), "/queue/") == ["apples"]
    assert subjects(signed_in(ada), "/queue/?tab=snoozed") == []


def test_who_has_voted_waits_for_the_others(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request(two_needed)
    answer(asked, ada)
    assert counts(signed_in(ada), "/queue/") == _counted(all=1)
    assert counts(signed_in(bob), "/queue/") == _counted(ready=1, all=1)
    assert "1/2" in signed_in(bob).get("/queue/").content.decode()


def test_who_started_the_run_is_not_asked_where_another_must_decide(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    make_request(not_by_starter, user=ada)
    assert counts(signed_in(ada), "/queue/") == _counted(all=1)
    assert counts(signed_in(bob), "/queue/") == _counted(ready=1, all=1)


def test_the_navigation_counts_what_is_ready(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked, _ = one("apples"), one("pears")
    claims.claim(bob, asked.pk)
    page = signed_in(ada).get("/queue/").content.decode()
    assert "<title>(1) Queue" in page
    assert 'data-count="1"' in page


def test_decided_ones_come_with_the_newest_vote_first(
    ada: User, signed_in: SignedIn
) -> None:
    first, second = one("first"), one("second")
    answer(second, ada)
    answer(first, ada)
    assert subjects(signed_in(ada), "/queue/?tab=decided") == ["first", "second"]


# Orders


def _four(now: object) -> None:
    one("b", priority=1, opened_at=now)
    first = InputRequest.objects.get(subject="b")
    soon, later = first.opened_at + HOUR, first.opened_at + 2 * HOUR
    more(first, ["a"], expires_at=later, opened_at=first.opened_at - HOUR)
    more(first, ["c"], expires_at=soon, opened_at=first.opened_at - 2 * HOUR)
    more(first, ["d"], expires_at=soon, priority=5)


@pytest.mark.parametrize(
    ("sort", "found"),
    [("due", "dcab"), ("priority", "dbca"), ("newest", "dbac"), ("oldest", "cabd")],
)
def test_each_order_puts_first_what_it_says(
    ada: User, signed_in: SignedIn, sort: str, found: str
) -> None:
    _four(timezone.now())
    assert subjects(signed_in(ada), f"/queue/?sort={sort}") == list(found)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("counted", [1000, 1])
def test_going_on_finds_each_row_once_in_every_order(
    ada: User, monkeypatch: pytest.MonkeyPatch, sort: str, counted: int
) -> None:
    """With few rows, and with so many that they are not counted."""
    for module in ("walk", "counting"):
        monkeypatch.setattr(f"review_app.queue.{module}.MOST_COUNTED", counted)
    _four(timezone.now())
    view = read(f"sort={sort}")
    rows = list(view.requests(ada))
    for number, row in enumerate(rows):
        around = view.around(ada, row)
        assert around.next == rows[(number + 1) % len(rows)]
        assert around.previous == rows[number - 1]
        assert view.find_next(ada, row) == around.next
        if counted > 1:
            assert around.place == (number + 1, len(rows))


def test_a_place_is_told_of_rows_in_the_list_only(ada: User, bob: User) -> None:
    asked, other = one("apples"), one("pears")
    claims.claim(bob, asked.pk)
    around = QueueList().around(ada, asked)
    assert around.place is None
    assert around.next == other
    assert QueueList().around(ada, other).place == (1, 1)
    assert QueueList().around(ada, other).next is None


def _counted(**counts: int) -> dict[str, int | None]:
    """What is decided is counted in its own tab only."""
    none = dict.fromkeys(["ready", "mine", "all", "snoozed"], 0)
    return {**none, "decided": None, **counts}
