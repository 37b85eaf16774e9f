"""Saved views by the API: kept, changed, shared, read through, deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from review_app.models import SavedView
from review_app.queue_page.saved import MOST_OWNED
from tests.factories import make_request
from tests.flows import hurried
from workflows_app.models import Scope

from .conftest import Program
from .test_once import at_once

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]
REFUNDS = {
    "name": "Refunds",
    "shows": {"tab": "all", "sort": "oldest", "filters": {"q": "refund"}},
}


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_a_view_is_kept_as_the_page_keeps_it_and_read_through(
    ada: User, program: Programs, signed_in: Callable[[User], Client]
) -> None:
    first, second = (make_request(subject=s) for s in ("Refund 1", "Refund 2"))
    make_request(subject="Release")
    ours = program(ada)

    kept = ours.post("/views", REFUNDS, key="v")
    again = ours.post("/views", REFUNDS, key="v")
    path = f"/views/{kept.json()['id']}/requests"
    page = ours.get(path, limit=1).json()
    rest = ours.get(path, cursor=page["next"]).json()

    assert kept.status_code == 201
    assert kept.json()["shows"] == REFUNDS["shows"]
    assert kept.json()["count"] == {"count": 2, "is_more": False}
    assert (again.content, again["Idempotency-Replayed"]) == (kept.content, "true")
    found = [each["id"] for each in page["items"] + rest["items"]]
    assert found == [str(first.pk), str(second.pk)]
    assert SavedView.objects.get().query == "tab=all&q=refund&sort=oldest"
    assert "Refunds" in signed_in(ada).get("/queue/views/").content.decode()


def test_what_the_page_has_kept_is_told(ada: User, program: Programs) -> None:
    query = "tab=all&due=late&odd=1&q=%1b"
    SavedView.objects.create(owner=ada, name="Late", query=query)

    [view] = program(ada, Scope.READ).get("/views").json()["items"]

    assert view["shows"] == {
        "tab": "all",
        "sort": "due",
        "filters": {"q": "\x1b", "due": "late"},
    }
    assert (view["owner"], view["share_with"], view["notifies"]) == ("ada", None, False)


def test_it_is_changed_as_a_whole(ada: User, program: Programs) -> None:
    ours = program(ada)
    pk = ours.post("/views", {**REFUNDS, "notifies": True}).json()["id"]

    changed = ours.post(f"/views/{pk}/change", {"name": "Plain"}, key="c")
    same = ours.post(f"/views/{pk}/change", {"name": "Plain"}, key="c")

    view = SavedView.objects.get()
    assert (view.name, view.query, view.notifies) == ("Plain", "", False)
    assert changed.json()["name"] == "Plain"
    assert same["Idempotency-Replayed"] == "true"


def test_it_is_deleted_once(ada: User, program: Programs) -> None:
    ours = program(ada)
    pk = ours.post("/views", REFUNDS).json()["id"]

    gone = ours.post(f"/views/{pk}/delete", key="d")
    again = ours.post(f"/views/{pk}/delete", key="d")

    assert (gone.status_code, gone.json()) == (200, {"deleted": True})
    assert (again.content, again["Idempotency-Replayed"]) == (gone.content, "true")
    assert error(ours.post(f"/views/{pk}/delete")) == (404, "not_found")
    assert not SavedView.objects.exists()


def test_a_shared_view_is_read_by_the_group_and_changed_by_its_owner(
    ada: User, bob: User, eve: User, dana: User, program: Programs
) -> None:
    make_request(subject="Refund 1", groups=["leads"])
    body = {**REFUNDS, "share_with": "reviewers"}
    pk = program(ada).post("/views", body).json()["id"]
    his = program(bob)

    [view] = his.get("/views").json()["items"]

    assert (view["owner"], view["share_with"]) == ("ada", "reviewers")
    assert his.get(f"/views/{pk}/requests").json()["items"] == []  # it permits nothing
    assert error(his.post(f"/views/{pk}/change", body)) == (404, "not_found")
    assert error(his.post(f"/views/{pk}/delete")) == (404, "not_found")
    for other in (eve, dana):
        assert program(other).get("/views").json()["items"] == []
        reply = program(other).get(f"/views/{pk}/requests")
        assert error(reply) == (404, "not_found")
    assert SavedView.objects.get().name == "Refunds"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": " "}, ["name"]),
        ({"name": "x" * 61}, ["name"]),
        ({"name": "a\0b"}, ["name"]),
        ({"name": "Taken"}, ["name"]),
        ({"share_with": "leads"}, ["share_with"]),
        ({"share_with": "nobody"}, ["share_with"]),
        ({"notifies": 1}, ["notifies"]),
        ({"shows": {"tab": "odd"}}, ["shows", "tab"]),
        ({"shows": {"filters": {"due": "odd"}}}, ["shows", "filters", "due"]),
        ({"shows": {"filters": {"odd": "x"}}}, ["shows", "filters", "odd"]),
        ({"query": "tab=all"}, ["query"]),
        (
            {"shows": {"filters": dict.fromkeys(["q", "step", "tag"], "ü" * 200)}},
            [],
        ),
    ],
)
def test_odd_views_are_refused_with_their_place(
    ada: User, program: Programs, change: dict[str, Any], path: list[str]
) -> None:
    SavedView.objects.create(owner=ada, name="Taken")

    reply = program(ada).post("/views", {**REFUNDS, **change}, key="v")

    assert error(reply) == (400, "invalid_input")
    assert reply.json()["error"]["path"] == path
    assert SavedView.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_views_of_one_name_at_once_one_is_kept(
    ada: User, program: Programs
) -> None:
    ours = program(ada)

    replies = at_once(6, lambda: ours.post("/views", REFUNDS))

    assert sorted(each.status_code for each in replies) == [201, *[400] * 5]
    assert SavedView.objects.count() == 1


def test_so_many_views_are_enough(ada: User, program: Programs) -> None:
    SavedView.objects.bulk_create(
        SavedView(owner=ada, name=f"{number}") for number in range(MOST_OWNED)
    )

    assert error(program(ada).post("/views", REFUNDS)) == (400, "invalid_input")
    assert SavedView.objects.count() == MOST_OWNED


def test_as_many_queries_for_many_views_as_for_one(
    ada: User, program: Programs, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_request(hurried)
    ours = program(ada)
    ours.post("/views", REFUNDS)
    ours.get("/views")

    for more in ("", "abcdef"):
        for name in more:
            ours.post("/views", {**REFUNDS, "name": name})
        with django_assert_num_queries(5):  # token, views, groups, own runs, counts
            ours.get("/views")


def test_who_only_reads_keeps_nothing(ada: User, program: Programs) -> None:
    reader = program(ada, Scope.READ)

    assert error(reader.post("/views", REFUNDS)) == (403, "missing_scope")
    assert error(program(ada, Scope.ASK).get("/views")) == (403, "missing_scope")
