"""The dashboard by the API: the same figures as on the page, as numbers. For operators."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import let_pass, make_request, start_run
from workflows_app.models import InputRequest, Scope
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Answer, Handler

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def count(number: int) -> dict[str, Any]:
    return {"count": number, "is_more": False}


def decide(asked: InputRequest, user: User, *, after: float = 0) -> None:
    let_pass(asked.run_id, after)
    answer = Answer(value={"amount": 1}, user=user, door="browser", undo=5)
    Handler(asked.run_id).respond(asked.request_id, answer)


def test_an_operator_reads_how_things_are_now(
    ada: User, olga: User, program: Programs, no_jobs: None
) -> None:
    old, claimed = make_request(), make_request()
    let_pass(old.run_id, 3600)
    claims.claim(ada, claimed.pk)
    decide(make_request(), ada, after=60)
    start_run()

    told = program(olga, Scope.READ).get("/dashboard", zone="Europe/Berlin").json()

    asked = told["asked"]
    assert (asked["waiting"], asked["unclaimed"], asked["late"]) == (
        count(2),
        count(1),
        count(0),
    )
    assert 3600 <= asked["oldest"] < 3700
    assert told["today"]["decided"] == count(1)
    assert 60 <= told["today"]["median"] == told["today"]["p90"] < 90
    assert told["runs"]["running"] == count(1)
    assert told["deliveries"]["failed"] == count(0)
    [waiting] = told["backlog"]
    assert (waiting["step"], waiting["count"]) == ("ask", 4)


def test_where_nothing_waits_nothing_is_the_oldest(
    olga: User, program: Programs
) -> None:
    told = program(olga).get("/dashboard").json()

    assert told["asked"]["oldest"] is None
    assert told["today"]["median"] is None


def test_an_operator_reads_how_the_last_days_went(
    ada: User, olga: User, program: Programs
) -> None:
    decide(make_request(), ada, after=120)
    make_request()

    told = program(olga).get("/dashboard/days").json()

    bars = {bar["at_least"]: bar["count"] for bar in told["took"]}
    assert (bars[60], sum(bars.values())) == (1, 1)
    assert (told["took"][0]["less_than"], told["took"][-1]["less_than"]) == (60, None)
    assert told["waiting"][-1]["count"] == 1
    assert [line["name"] for line in told["table"]] == ["approval"]
    assert told["table"][0]["waiting"] == count(1)
    assert told["table"][0]["decided"] == 1
    assert told["spans"][2]["name"] == "Asked until decided"
    assert 120 <= told["spans"][2]["median"] < 150


def test_the_decisions_are_listed_page_by_page(
    ada: User,
    olga: User,
    program: Programs,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for seconds in (0, 100, 200):
        decide(make_request(subject=f"{seconds}"), ada, after=seconds)
    ours = program(olga)

    with django_assert_num_queries(4):  # token, its use, groups, page
        first = ours.get("/decisions", limit=2).json()
    rest = ours.get("/decisions", limit=2, cursor=first["next"]).json()
    slow = ours.get("/decisions", over=90, under=150).json()["items"]

    said = [each["subject"] for each in first["items"] + rest["items"]]
    assert (said, rest["next"]) == (["200", "100", "0"], None)
    assert [each["subject"] for each in slow] == ["100"]
    assert (slow[0]["who"], slow[0]["outcome"]) == ("ada", "approve")
    assert ours.get("/decisions", workflow="hurried").json()["items"] == []
    today = timezone.now().date().isoformat()
    assert len(ours.get("/decisions", since=today, until=today).json()["items"]) == 3


def test_what_was_undone_and_what_was_taken_over_is_listed_too(
    ada: User, bob: User, olga: User, program: Programs
) -> None:
    undone, first, second = make_request(), make_request(), make_request()
    decide(undone, ada)
    Handler(undone.run_id).withdraw_vote(undone.request_id, ada)
    for each in (first, second):
        claims.claim(ada, each.pk)
        claims.take_over(bob, each.pk, "Holiday")
    ours = program(olga)

    [back] = ours.get("/decisions", what="undone").json()["items"]
    page = ours.get("/decisions", what="taken-over", limit=1).json()
    rest = ours.get("/decisions", what="taken-over", cursor=page["next"]).json()

    assert back["request_id"] == str(undone.pk)
    taken = page["items"] + rest["items"]
    assert [each["request_id"] for each in taken] == [str(second.pk), str(first.pk)]
    assert (taken[0]["who"], taken[0]["taken_over_by"]) == ("ada", "bob")
    assert (taken[0]["reason"], taken[0]["outcome"]) == ("Holiday", None)


def test_people_are_compared_by_those_who_may_alone(
    ada: User, olga: User, program: Programs
) -> None:
    decide(make_request(), ada)
    ours = program(olga)
    refused = [
        ours.get("/dashboard/days", by="reviewer"),
        ours.get("/decisions", reviewer="ada"),
    ]
    olga.user_permissions.add(Permission.objects.get(codename="compare_reviewers"))

    [line] = ours.get("/dashboard/days", by="reviewer").json()["table"]
    [row] = ours.get("/decisions", reviewer="ada").json()["items"]

    assert [error(each) for each in refused] == [(403, "not_allowed")] * 2
    assert (line["name"], line["decided"]) == ("ada", 1)
    assert row["who"] == "ada"


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/dashboard", {"zone": "Europe/Nowhere"}, "invalid_input"),
        ("/dashboard", {"zone": "../../etc/passwd"}, "invalid_input"),
        ("/dashboard", {"zone": "Europe"}, "invalid_input"),
        ("/dashboard", {"zone": ""}, "invalid_input"),
        ("/dashboard/days", {"by": "odd"}, "invalid_input"),
        ("/decisions", {"since": "0001-01-01"}, "invalid_input"),
        ("/decisions", {"until": "9999-12-31"}, "invalid_input"),
        ("/decisions", {"since": "today"}, "invalid_input"),
        ("/decisions", {"over": "1000000000"}, "invalid_input"),
        ("/decisions", {"what": "odd"}, "invalid_input"),
        ("/decisions", {"cursor": "odd"}, "invalid_cursor"),
        ("/decisions", {"who": "ada"}, "unknown_parameter"),
    ],
)
def test_odd_questions_are_refused(
    olga: User, program: Programs, path: str, query: dict[str, str], code: str
) -> None:
    assert error(program(olga).get(path, **query)) == (400, code)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_days_at_the_end_of_the_calendar_are_days(
    olga: User, program: Programs, zone: str
) -> None:
    days = {"since": "0001-01-02", "until": "9999-12-30"}

    reply = program(olga).get("/decisions", zone=zone, **days)

    assert reply.status_code == 200


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/days", "/decisions"])
def test_for_everybody_else_there_is_no_dashboard(
    ada: User, olga: User, program: Programs, path: str
) -> None:
    assert error(program(ada).get(path)) == (404, "not_found")
    assert error(program(olga, Scope.ANSWER).get(path)) == (403, "missing_scope")
