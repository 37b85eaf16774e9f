"""Drafts by the API: they are those of the pages, in the form of the request."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from review_app.models import Draft
from tests.factories import make_request
from workflows_app.models import InputRequest, Scope
from workflows_app.runtime.handler import Answer, Handler

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]
SignedIn = Callable[[User], Client]
ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "count": {"type": "integer"},
                },
            },
        },
        "tags": {"type": "array", "items": {"type": "string"}},
        "urgent": {"type": "boolean"},
        "by": {"type": "string", "format": "date-time"},
        "speed": {"enum": ["fast", "slow"]},
        "price": {"type": "number"},
        "pin": {"type": "string", "writeOnly": True},
        "kind": {"const": "order"},
        "note": {"type": ["string", "null"], "default": "none"},
    },
    "required": ["speed", "kind"],
}
PROPOSED = {"items": [{"name": "a", "count": 1}, {"name": "b"}], "speed": "slow"}


@pytest.fixture
def order(ada: User, program: Programs) -> InputRequest:
    """A question with a form of many kinds of fields."""
    question = {"prompt": "?", "schema": ORDER, "proposed": PROPOSED}
    pk = program(ada).post("/requests", question).json()["id"]
    return InputRequest.objects.get(pk=pk)


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def draft(asked: InputRequest) -> str:
    return f"/requests/{asked.pk}/draft"


def test_what_a_program_begins_stands_in_the_form_of_the_page(
    ada: User, program: Programs, signed_in: SignedIn
) -> None:
    asked, ours = make_request(), program(ada)
    body = {"response": {"amount": 77, "note": "half"}, "reason": "because"}

    kept = ours.post(draft(asked), body, key="d")
    again = ours.post(draft(asked), body, key="d")
    page = signed_in(ada).get(f"/requests/{asked.pk}/").content.decode()

    assert kept.status_code == 200
    assert kept.json().items() >= body.items()
    assert kept.json()["objections"] == []
    assert again["Idempotency-Replayed"] == "true"
    assert 'value="77"' in page
    assert "because" in page
    assert ours.get("/queue").json()["items"][0]["has_draft"] is True
    assert ours.get(draft(asked)).json() == kept.json()


def test_what_a_person_has_typed_is_read_as_far_as_it_can_be(
    ada: User, bob: User, program: Programs, signed_in: SignedIn
) -> None:
    asked = make_request()
    typed = {"answer-amount": "a lot", "answer-note": "half", "reason": "why"}
    signed_in(ada).post(f"/requests/{asked.pk}/draft/", typed)

    told = program(ada, Scope.READ).get(draft(asked)).json()

    assert (told["response"], told["reason"]) == ({"note": "half"}, "why")
    assert told["objections"] == [
        {"label": "Amount", "message": "Enter a whole number, such as 10."}
    ]
    assert error(program(bob).get(draft(asked))) == (404, "not_found")


def test_a_draft_may_lack_something_or_not_fit(ada: User, program: Programs) -> None:
    asked, ours = make_request(), program(ada)

    lacks = ours.post(draft(asked), {"response": {"note": "later"}}).json()
    too_much = ours.post(draft(asked), {"response": {"amount": 900}}).json()

    assert lacks["response"] == {"note": "later"}
    assert [each["label"] for each in lacks["objections"]] == ["Amount"]
    assert too_much["response"] == {"amount": 900}
    assert [each["label"] for each in too_much["objections"]] == ["Amount"]
    assert Draft.objects.count() == 1


def test_without_a_response_what_is_proposed_stays(
    ada: User, program: Programs
) -> None:
    asked = make_request()

    kept = program(ada).post(draft(asked), {"reason": "not yet"}).json()

    assert (kept["response"], kept["reason"]) == ({"amount": 120}, "not yet")


@pytest.mark.parametrize(
    "response",
    [
        {"items": [{"name": "c"}]},
        {"items": []},
        {"items": [{"name": "a"}, {"name": "b"}, {"name": "c", "count": 3}]},
        {"tags": ["x", "y"], "urgent": True},
        {"by": "2026-12-01T10:00:00+01:00"},
        {"price": 12.5},
        {"price": -0.0},
        {"price": 10**30},
        {"kind": "order", "note": None},
        {"note": "naïve\n=1+1 <b>"},
    ],
)
def test_every_kind_of_field_holds_what_is_said(
    ada: User, program: Programs, order: InputRequest, response: dict[str, Any]
) -> None:
    kept = program(ada).post(draft(order), {"response": response})

    assert kept.status_code == 200, kept.json()
    held = kept.json()["response"]
    if "by" in response:
        response = {"by": "2026-12-01T09:00:00Z"}
    assert {name: held.get(name) for name in response} == response


@pytest.mark.parametrize(
    ("response", "path"),
    [
        ({"odd": 1}, ["odd"]),
        ({"speed": "medium"}, ["speed"]),
        ({"price": "12"}, ["price"]),
        ({"items": [{"name": "a", "size": 1}]}, ["items", 0, "size"]),
        ({"items": [{"name": f"{n}"} for n in range(30)]}, ["items"]),
        ({"kind": "other"}, ["kind"]),
        ({"urgent": "yes"}, ["urgent"]),
        ({"tags": ["a\nb"]}, ["tags"]),
        ([1], []),
        ("text", []),
    ],
)
def test_what_the_form_has_no_place_for_is_refused_with_its_place(
    ada: User,
    program: Programs,
    order: InputRequest,
    response: Any,
    path: list[str | int],
) -> None:
    ours = program(ada)
    ours.post(draft(order), {"response": {"price": 1}})

    reply = ours.post(draft(order), {"response": response})

    assert error(reply) == (422, "not_in_form")
    assert reply.json()["error"]["path"] == ["response", *path]
    assert ours.get(draft(order)).json()["response"]["price"] == 1


def test_secrets_are_in_no_draft(
    ada: User, program: Programs, order: InputRequest
) -> None:
    reply = program(ada).post(draft(order), {"response": {"pin": "hunter2"}})

    assert error(reply) == (422, "not_in_form")
    assert reply.json()["error"]["path"] == ["response", "pin"]
    assert not Draft.objects.exists()


def test_it_is_discarded_once(ada: User, program: Programs) -> None:
    asked, ours = make_request(), program(ada)
    ours.post(draft(asked), {"reason": "x"})

    gone = ours.post(f"{draft(asked)}/discard", key="d")
    again = ours.post(f"{draft(asked)}/discard", key="d")

    assert gone.json() == {"discarded": True}
    assert again.content == gone.content
    assert ours.post(f"{draft(asked)}/discard").json() == {"discarded": False}
    assert error(ours.get(draft(asked))) == (404, "not_found")


def test_what_is_answered_takes_no_draft(
    ada: User, eve: User, program: Programs
) -> None:
    asked, ours = make_request(), program(ada)
    body = {"reason": "x"}
    assert error(program(eve).post(draft(asked), body)) == (404, "not_found")
    assert error(program(ada, Scope.READ).post(draft(asked), body)) == (
        403,
        "missing_scope",
    )
    Handler(asked.run_id).respond(
        asked.request_id, Answer(value={"amount": 1}, user=ada)
    )

    assert error(ours.post(draft(asked), body)) == (404, "not_found")
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "body", [{"reason": 7}, {"reason": "a\0b"}, {"outcome": "approve"}, []]
)
def test_odd_drafts_are_refused(ada: User, program: Programs, body: Any) -> None:
    reply = program(ada).post(draft(make_request()), body)

    assert error(reply) == (400, "invalid_input")
    assert not Draft.objects.exists()
