"""The outbox by the API: what leaves the house, and sending it again. For operators."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_request
from workflows_app.models import Kind, Message, Receiver, Scope
from workflows_app.notify.signing import make_secret
from workflows_app.runtime.handler import Answer, Handler

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]


@pytest.fixture
def failed(ada: User) -> Message:
    """What a receiver was to hear of an answer, and did not."""
    Receiver.objects.create(
        name="shop",
        url="https://shop.example/",
        secret=make_secret(),
        kinds=[Kind.OPENED, Kind.ANSWERED],
    )
    asked = make_request()
    answer = Answer(value={"amount": 1}, user=ada)
    Handler(asked.run_id).respond(asked.request_id, answer)
    Message.objects.update(due_at=None, attempts=8, last_reply="500", status="failed")
    return Message.objects.get(kind=Kind.ANSWERED)


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_an_operator_reads_what_leaves_the_house(
    olga: User, program: Programs, failed: Message
) -> None:
    ours = program(olga, Scope.READ)

    listed = ours.get("/messages", kind="request.answered").json()["items"]
    whole = ours.get(f"/messages/{failed.pk}").json()

    assert [each["id"] for each in listed] == [str(failed.pk)]
    assert "body" not in listed[0]
    assert whole["body"]["type"] == "request.answered"
    assert (whole["receiver"], whole["person"]) == ("shop", None)
    assert (whole["status"], whole["attempts"], whole["last_reply"]) == (
        "failed",
        8,
        "500",
    )


def test_the_list_is_narrowed_and_read_page_by_page(
    olga: User,
    program: Programs,
    failed: Message,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    Message.objects.exclude(pk=failed.pk).update(status="delivered")
    make_request()
    ours = program(olga)
    ours.get("/messages")

    with django_assert_num_queries(3):  # token, groups, page
        first = ours.get("/messages", limit=2).json()
    rest = ours.get("/messages", limit=2, cursor=first["next"]).json()

    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    assert not any(each in first["items"] for each in rest["items"])
    [only] = ours.get("/messages", status="failed", receiver="shop").json()["items"]
    assert only["id"] == str(failed.pk)
    assert len(ours.get("/messages", run=failed.run_id).json()["items"]) == 2
    assert ours.get("/messages", channel="mail").json()["items"] == []
    assert error(ours.get("/messages", status="odd")) == (400, "invalid_input")


def test_messages_are_sent_again_under_their_own_ids(
    olga: User, program: Programs, failed: Message
) -> None:
    ours, ids = program(olga, Scope.OPERATE), [str(failed.pk)]

    first = ours.post("/messages/send-again", {"ids": ids * 2}, key="s")
    Message.objects.filter(pk=failed.pk).update(status="delivered")
    again = ours.post("/messages/send-again", {"ids": ids * 2}, key="s")

    assert (first.status_code, first.json()) == (200, {"resent": 1})
    assert again["Idempotency-Replayed"] == "true"
    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == ("delivered", 0)


@pytest.mark.parametrize("odd", [[], ["x"], [7], [None], "x", [str(uuid4())] * 501])
def test_odd_ids_are_refused_with_their_place(
    olga: User, program: Programs, failed: Message, odd: Any
) -> None:
    reply = program(olga).post("/messages/send-again", {"ids": odd})

    assert error(reply) == (400, "invalid_input")
    assert reply.json()["error"]["path"][0] == "ids"


def test_all_of_them_are_sent_again_or_none(
    olga: User, program: Programs, failed: Message
) -> None:
    ids = [str(failed.pk), str(uuid4())]

    reply = program(olga).post("/messages/send-again", {"ids": ids})

    assert error(reply) == (404, "not_found")
    failed.refresh_from_db()
    assert failed.status == "failed"


def test_for_everybody_else_there_are_no_messages(
    ada: User, olga: User, program: Programs, failed: Message
) -> None:
    ids = {"ids": [str(failed.pk)]}

    for path in ("/messages", f"/messages/{failed.pk}"):
        assert error(program(ada).get(path)) == (404, "not_found")
    assert error(program(ada).post("/messages/send-again", ids)) == (404, "not_found")
    reader = program(olga, Scope.READ)
    assert error(reader.post("/messages/send-again", ids)) == (403, "missing_scope")
