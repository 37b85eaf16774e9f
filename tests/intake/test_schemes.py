"""Every scheme through the door: what its senders send, and what they are told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.intake import signing
from tests.intake.doors import SIGN, make_source, now, post
from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step, values
from workflows_app.models import Delivery, Run, Source

SLACK = Path("../shared/data/slack-payloads")
EVENTS = sorted((SLACK / "events").glob("*.json"))
CLICKS = sorted((SLACK / "app-backend").rglob("*.json"))

pytestmark = pytest.mark.django_db


@step
def note(ctx: Context, ev: StartEvent) -> StopEvent:
    """End with what came."""
    return StopEvent(result=ev.to_dict())


noted = Workflow("noted", [note])


def started_with() -> Any:
    return values.load(Run.objects.get().input)


@pytest.mark.parametrize("scheme", SIGN)
def test_a_signed_message_starts_a_run_and_a_repeat_is_told_the_same(
    scheme: str,
) -> None:
    make_source(noted, scheme)
    body = {"id": "evt_1", "event_id": "Ev1", "type": "ping"}
    first, second = post(scheme, body), post(scheme, body)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == second.json()
    delivery = Delivery.objects.get()
    assert first.json() == {
        "run_id": str(Run.objects.get().pk),
        "delivery_id": delivery.delivery_id,
    }
    assert delivery.times_received == 2
    assert started_with() == {
        "source": scheme,
        "event": delivery.event,
        "delivery_id": delivery.delivery_id,
        "payload": body,
    }


@pytest.mark.parametrize("scheme", SIGN)
def test_a_message_that_is_not_proven_is_refused_without_detail(scheme: str) -> None:
    make_source(noted, scheme, secrets=["another secret that is long enough"])
    if scheme == "standard":
        Source.objects.update(secrets=["whsec_" + "A" * 40])
    answer = post(scheme, {})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "bad_signature"
    assert not Delivery.objects.exists()


def test_a_sender_with_a_token_is_told_how_to_bring_it() -> None:
    make_source(noted, "bearer")
    assert post("bearer", {}, Authorization="Basic x")["WWW-Authenticate"] == "Bearer"


def test_a_signature_of_another_source_does_not_do() -> None:
    make_source(noted, "hmac")
    make_source(noted, "slack", secrets=["another secret"])
    body = b"{}"
    assert post("hmac", body).status_code == 202
    assert post("slack", body, **signing.slack(body)).status_code == 401


@pytest.mark.parametrize(
    ("scheme", "name"), [("stripe", "evt_1"), ("slack", "Ev1"), ("standard", None)]
)
def test_where_the_id_is_signed_the_same_body_may_come_again(
    scheme: str, name: str | None
) -> None:
    make_source(noted, scheme)
    body = {"id": "evt_1", "event_id": "Ev1"}
    assert post(scheme, body).status_code == 202
    if name is None:
        again = post(scheme, body, **signing.standard(_dump(body), now=now()))
    else:
        again = post(scheme, {key: f"{value}x" for key, value in body.items()})
    assert again.status_code == 202
    assert Run.objects.count() == 2


def test_where_nobody_names_a_message_the_same_body_is_a_repeat() -> None:
    make_source(noted, "hmac")
    assert post("hmac", {"n": 1}).status_code == 202
    assert post("hmac", {"n": 1}).status_code == 200
    assert post("hmac", {"n": 2}).status_code == 202


def test_the_id_may_be_in_a_header_or_in_the_body() -> None:
    make_source(noted, "hmac", id_header="X-Id")
    assert post("hmac", {"n": 1}, X_Id="one").json()["delivery_id"] == "one"
    assert post("hmac", {"n": 2}, X_Id="two words").status_code == 401
    Source.objects.update(mapping=json.dumps({"id": {"body": "/id"}}))
    named = post("hmac", {"id": 17}, X_Id="three")
    assert named.json()["delivery_id"] == "17"
    assert post("hmac", {"id": 17, "n": 1}, X_Id="four").json() == named.json()
    assert Delivery.objects.get(delivery_id="17").conflicts == 1


@pytest.mark.parametrize("value", [None, "", "a b", [1], {}, "x" * 101])
def test_an_id_that_can_be_none_is_none(value: Any) -> None:
    make_source(noted, "hmac", mapping={"id": {"body": "/id"}})
    assert post("hmac", {"id": value}).status_code == 202


def test_a_public_key_proves_as_well_as_a_secret() -> None:
    make_source(noted, "standard", secrets=[signing.PUBLIC_KEY])
    body = b'{"type": "ping"}'
    answer = post("standard", body, **signing.standard_by_key(body, now()))
    assert answer.status_code == 202
    assert Delivery.objects.get().event == "ping"


def test_an_old_message_is_refused_by_the_clock_of_the_database() -> None:
    make_source(noted, "slack")
    assert post("slack", b"{}", **signing.slack(b"{}", now() - 400)).status_code == 401


# Slack


def test_slack_is_told_that_this_address_is_ours() -> None:
    make_source(noted, "slack", mode="trial")
    body = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}
    for _ in range(2):
        answer = post("slack", body)
        assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1aB"})
    delivery = Delivery.objects.get()
    assert (delivery.result, delivery.times_received) == ("ignored", 2)
    assert not Run.objects.exists()


def test_who_clicks_or_types_in_slack_is_shown_nothing() -> None:
    mapping = {"input": {"who": {"body": "/user/name", "default": "somebody"}}}
    make_source(noted, "slack", mapping=mapping)
    click = signing.as_form({"trigger_id": "1.1", "user": {"name": "mo"}})
    for body in (click, click, b"command=%2Fdeploy&text=&trigger_id=2.2"):
        answer = post("slack", body)
        assert (answer.status_code, answer.content) == (200, b"")
    assert sorted(values.load(run.input)["who"] for run in Run.objects.all()) == [
        "mo",
        "somebody",
    ]


@pytest.mark.parametrize("body", [b"a=1&a=2", b"payload=%5B%5D", b"nothing"])
def test_an_odd_form_is_refused(body: bytes) -> None:
    make_source(noted, "slack")
    answer = post("slack", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"bad_form", "bad_json"}
    assert Delivery.objects.get().result == "refused"


@pytest.mark.skipif(not EVENTS, reason="the payloads of Slack are not here")
def test_every_payload_of_slack_is_taken_in_byte_for_byte() -> None:
    make_source(noted, "slack")
    bodies = [path.read_bytes() for path in EVENTS]
    bodies += [signing.as_form(json.loads(path.read_bytes())) for path in CLICKS]
    for body in bodies:
        assert post("slack", body).status_code in {200, 202}
        kept = Delivery.objects.latest("received_at")
        assert kept.result in {"started", "ignored"}
        assert Delivery.objects.filter(body=body).exists()


# What comes of it


def test_a_mapping_says_which_fields_become_the_input() -> None:
    mapping = {
        "input": {"title": {"body": "/pr/title"}, "kind": "review"},
        "tags": {"pr": {"body": "/pr/number"}, "none": {"value": None}},
        "key": {"text": ["pr-", {"body": "/pr/number"}]},
    }
    make_source(noted, "hmac", mapping=mapping)
    post("hmac", {"pr": {"title": "Tides", "number": 12}})
    run = Run.objects.get()
    assert started_with() == {"title": "Tides", "kind": "review"}
    assert run.tags == {"source": "hmac", "event": "", "pr": "12"}
    assert run.idempotency_key == "pr-12"


def test_two_deliveries_with_one_key_start_one_run() -> None:
    mapping = {"input": {"a": 1}, "key": {"body": "/key"}}
    make_source(noted, "hmac", mapping=mapping)
    first, second = (post("hmac", {"key": "k", "n": n}) for n in (1, 2))
    assert first.json()["run_id"] == second.json()["run_id"]
    assert Delivery.objects.filter(result="started").count() == 2
    Source.objects.update(mapping=json.dumps({"input": {"a": 2}, "key": "k"}))
    other = post("hmac", {"n": 3})
    assert (other.status_code, other.json()["error"]["code"]) == (400, "invalid_input")


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({"input": {"a": {"body": "/nothing"}}}, "input.a: The body has nothing at"),
        ({"tags": {"a": {"body": "/long"}}}, "A tag is printable text"),
        ({"tags": {"a": {"body": "/list"}}}, "tags.a: A text or a number"),
        ({"key": {"body": "/nul"}}, "A idempotency key is printable"),
    ],
)
def test_what_does_not_fit_is_refused_and_kept(mapping: Any, told: str) -> None:
    make_source(noted, "hmac", mapping=mapping)
    answer = post("hmac", {"long": "x" * 201, "list": [1], "nul": "a\0b"})
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]
    delivery = Delivery.objects.get()
    assert (delivery.result, delivery.detail) == (
        "refused",
        answer.json()["error"]["message"],
    )
    assert not Run.objects.exists()


def test_what_a_source_does_not_care_for_is_left_alone() -> None:
    make_source(
        noted, "hmac", mapping={"only_if": [{"body": "/action", "is": "opened"}]}
    )
    answer = post("hmac", {"action": "closed"})
    assert answer.status_code == 200
    assert answer.json()["ignored"] == "The condition only_if.0 does not hold."
    assert Delivery.objects.get().result == "ignored"
    assert post("hmac", {"action": "opened"}).status_code == 202
    assert Run.objects.count() == 1


def test_a_header_decides_only_where_an_operator_says_so() -> None:
    relied = {"only_if": [{"unsigned_header": "X-GitHub-Event", "is": "push"}]}
    make_source(noted, "github", mapping=relied)
    assert post("github", {"n": 1}, X_GitHub_Event="release").status_code == 200
    assert post("github", {"n": 2}, X_GitHub_Delivery="other").status_code == 202
    assert Run.objects.count() == 1
    kept = Delivery.objects.get(result="started")
    assert kept.headers["x-github-event"] == "push"


def test_a_source_whose_mapping_is_broken_asks_to_come_again() -> None:
    make_source(noted, "hmac")
    Source.objects.update(mapping="{")
    answer = post("hmac", {})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer.json()["error"]["code"] == "source_not_ready"


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()
