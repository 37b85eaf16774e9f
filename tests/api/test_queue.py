"""The queue by the API: the lists that people have, in their order, and the next of one."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from review_app.api import queue_shapes
from review_app.queue.filters import CREATED, DUE, SNOOZED
from review_app.queue.order import SORTS
from review_app.queue.tabs import TABS
from tests.factories import let_pass, make_request
from tests.flows import hurried
from tests.policies import two_needed
from workflows_app.models import InputRequest, Scope
from workflows_app.runtime import claims, comments
from workflows_app.runtime.handler import Answer, Handler

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def ids(reply: Any) -> list[str]:
    return [each["id"] for each in reply.json()["items"]]


def asked(*subjects: str, **fields: Any) -> list[InputRequest]:
    return [make_request(subject=subject, **fields) for subject in subjects]


def test_the_words_are_those_of_the_pages() -> None:
    """What people can choose, a program can say."""
    assert set(get_args(queue_shapes.Tab)) == TABS.keys()
    assert set(get_args(queue_shapes.Sort)) == SORTS.keys()
    assert set(get_args(queue_shapes.DueWhen)) == DUE.keys()
    assert set(get_args(queue_shapes.OpenedIn)) == CREATED.keys()
    assert SNOOZED.keys() == {"anybody"}


def test_what_is_ready_comes_first_and_says_who_is_at_it(
    ada: User, bob: User, program: Programs
) -> None:
    held, free, other = asked("a", "b", "c")
    claims.claim(bob, held.pk)
    claims.claim(ada, other.pk)
    comments.say(bob, other.pk, "Look at this")
    ours = program(ada)

    ready = ours.get("/queue")
    [mine] = ours.get("/queue", tab="mine").json()["items"]

    assert ids(ready) == [str(free.pk), str(other.pk)]
    assert mine["subject"] == "c"
    assert mine["claim"]["owner"] == "ada"
    assert (mine["comments"], mine["votes"], mine["needed"]) == (1, 0, 1)
    assert (mine["snoozed_until"], mine["has_draft"]) == (None, False)
    assert len(ids(ours.get("/queue", tab="all"))) == 3


def test_what_i_have_decided_is_listed_newest_first_page_by_page(
    ada: User, program: Programs
) -> None:
    done = asked(*"abc")
    for each in done:
        answer = Answer(value={"amount": 1}, user=ada)
        Handler(each.run_id).respond(each.request_id, answer)
    ours = program(ada)

    first = ours.get("/queue", tab="decided", limit=2)
    after = first.json()["next"]
    rest = ours.get("/queue", tab="decided", limit=2, cursor=after)

    assert ids(first) + ids(rest) == [str(each.pk) for each in reversed(done)]
    assert rest.json()["next"] is None
    assert ours.get("/queue").json()["items"] == []


@pytest.mark.parametrize("sort", SORTS)
def test_pages_follow_each_other_in_every_order(
    ada: User, program: Programs, sort: str
) -> None:
    late = make_request(hurried)
    let_pass(late.run_id, 30)
    everything = [late, *asked(*"abcd"), make_request(hurried)]
    InputRequest.objects.filter(pk=everything[2].pk).update(priority=7)
    ours = program(ada)
    whole = ids(ours.get("/queue", sort=sort, tab="all"))

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ours.get("/queue", sort=sort, tab="all", limit=2, cursor=cursor)
        found += ids(page)
        cursor = page.json()["next"]

    assert found == whole
    assert sorted(found) == sorted(str(each.pk) for each in everything)


def test_a_page_goes_on_behind_a_row_that_has_left_the_list(
    ada: User, program: Programs
) -> None:
    first, second, third = asked(*"abc")
    ours = program(ada)
    page = ours.get("/queue", sort="oldest", limit=2)
    assert ids(page) == [str(first.pk), str(second.pk)]

    Handler(second.run_id).abort()
    after = page.json()["next"]
    rest = ours.get("/queue", sort="oldest", limit=2, cursor=after)

    assert ids(rest) == [str(third.pk)]


def test_the_list_is_narrowed_as_on_the_page(
    ada: User, bob: User, program: Programs
) -> None:
    held, free = asked("Refund", "Release")
    late = make_request(hurried)
    claims.claim(bob, held.pk)
    ours = program(ada)

    def found(**filters: str) -> list[str]:
        return ids(ours.get("/queue", tab="all", **filters))

    assert found(q="refund") == [str(held.pk)]
    assert found(owner="bob") == [str(held.pk)]
    assert found(owner="unclaimed", workflow="approval") == [str(free.pk)]
    assert found(workflow="hurried") == [str(late.pk)]
    assert len(found(due="none")) == 2
    assert len(found(created="hour", step="ask")) == 2
    assert found(tag="no=such") == found(group="nobody") == found(snoozed="anybody")
    counts = ours.get("/queue/counts", q="re").json()
    assert counts["ready"] == {"count": 1, "is_more": False}
    assert counts["all"]["count"] == 2


def test_as_many_queries_for_many_rows_as_for_one(
    ada: User, program: Programs, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ours = program(ada)
    asked("a")
    ours.get("/queue")

    for more in ("", "bcdefgh"):
        asked(*more)
        # Token, groups, own runs, ids, requests, and what rows tell of them.
        with django_assert_num_queries(6):
            ours.get("/queue")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"tab": "odd"}, "invalid_input"),
        ({"sort": "odd"}, "invalid_input"),
        ({"due": "odd"}, "invalid_input"),
        ({"q": "  "}, "invalid_input"),
        ({"limit": "0"}, "invalid_input"),
        ({"tabb": "all"}, "unknown_parameter"),
        ({"cursor": "odd"}, "invalid_cursor"),
        ({"sort": "newest", "cursor": "MjAyNi0xMS0yNiBmb28="}, "invalid_cursor"),
    ],
)
def test_odd_questions_are_refused(
    ada: User, program: Programs, query: dict[str, str], code: str
) -> None:
    assert error(program(ada).get("/queue", **query)) == (400, code)


def test_a_cursor_of_another_order_or_beyond_all_numbers_is_none(
    ada: User, program: Programs
) -> None:
    asked(*"ab")
    ours = program(ada)
    after = ours.get("/queue", sort="newest", limit=1).json()["next"]

    assert error(ours.get("/queue", sort="due", cursor=after)) == (
        400,
        "invalid_cursor",
    )


def test_nobody_sees_what_is_not_for_him(
    ada: User, eve: User, olga: User, program: Programs
) -> None:
    asked("a")

    assert ids(program(eve).get("/queue", tab="all")) == []
    assert program(eve).get("/queue/counts").json()["all"]["count"] == 0
    assert ids(program(olga).get("/queue")) == []
    assert len(ids(program(olga).get("/queue", tab="all"))) == 1
    assert error(program(ada, Scope.ASK).get("/queue")) == (403, "missing_scope")


def test_the_next_is_one_that_is_ready_within_filters(
    ada: User, program: Programs
) -> None:
    first, second = asked("Refund a", "Refund b")
    asked("Release")
    ours = program(ada)
    mine = claims.claim(ada, first.pk)

    later = ours.post("/requests/claim-next", {"q": "refund", "sort": "newest"})
    none = ours.post("/requests/claim-next", {"q": "refund"})

    assert mine.owner == ada
    assert later.json()["id"] == str(second.pk)
    assert error(none) == (404, "not_found")
    assert error(ours.post("/requests/claim-next", {"tab": "all"})) == (
        400,
        "invalid_input",
    )


def test_what_one_has_voted_on_is_not_the_next_again(
    ada: User, program: Programs
) -> None:
    both = make_request(two_needed)
    answer = Answer(value=both.content["proposed"], user=ada)
    Handler(both.run_id).respond(both.request_id, answer)

    assert error(program(ada).post("/requests/claim-next")) == (404, "not_found")


def test_put_off_until_a_moment_and_taken_back(
    ada: User, bob: User, program: Programs
) -> None:
    [one] = asked("a")
    claims.claim(ada, one.pk)
    ours, until = program(ada), "2027-01-04T09:00:00+01:00"
    path = f"/requests/{one.pk}"

    put_off = ours.post(f"{path}/snooze", {"until": until}, key="s")
    again = ours.post(f"{path}/snooze", {"until": until}, key="s")
    [row] = ours.get("/queue", tab="snoozed").json()["items"]

    assert put_off.json() == {"id": str(one.pk), "until": "2027-01-04T08:00:00Z"}
    assert (again.content, again["Idempotency-Replayed"]) == (put_off.content, "true")
    assert (row["snoozed_until"], row["claim"]) == ("2027-01-04T08:00:00Z", None)
    assert ids(ours.get("/queue")) == []
    assert error(ours.post("/requests/claim-next")) == (404, "not_found")
    assert ids(program(bob).get("/queue")) == [str(one.pk)]
    assert ours.post(f"{path}/wake", key="w").json() == {"woken": True}
    assert ours.post(f"{path}/wake").json() == {"woken": False}
    assert ids(ours.get("/queue")) == [str(one.pk)]


@pytest.mark.parametrize(
    "until",
    [
        "2020-01-01T00:00:00Z",
        "2099-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "2027-01-04T09:00:00",
        "tomorrow",
        7,
        None,
    ],
)
def test_odd_moments_are_refused(ada: User, program: Programs, until: Any) -> None:
    [one] = asked("a")
    ours = program(ada)

    reply = ours.post(f"/requests/{one.pk}/snooze", {"until": until}, key="s")

    assert error(reply) == (400, "invalid_input")
    assert reply.json()["error"]["path"] == ["until"]
    assert ids(ours.get("/queue")) == [str(one.pk)]


def test_only_what_one_sees_and_what_is_open_is_put_off(
    ada: User, eve: User, program: Programs
) -> None:
    [one] = asked("a")
    body = {"until": "2027-01-04T08:00:00Z"}
    path = f"/requests/{one.pk}/snooze"

    unseen = program(eve).post(path, body)
    reading = program(ada, Scope.READ).post(path, body)
    Handler(one.run_id).abort()
    closed = program(ada).post(path, body)

    assert error(unseen) == error(closed) == (404, "not_found")
    assert error(reading) == (403, "missing_scope")
    assert error(program(eve).post(f"/requests/{one.pk}/wake")) == (404, "not_found")
