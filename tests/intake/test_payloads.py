"""What proven bodies hold: JSON, forms, and JSON in forms."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.signing import as_form
from workflows_app.engine.strict_json import StrictJsonError
from workflows_app.intake.payloads import BadFormError, Content, read_content

SLACK = Path("../shared/data/slack-payloads")
EVENTS = sorted((SLACK / "events").glob("*.json"))
CLICKS = sorted((SLACK / "app-backend").rglob("*.json"))


def read(scheme: str, body: bytes, limit: int = 10_000) -> Content:
    return read_content(scheme, body, limit)


@pytest.mark.parametrize("scheme", ["github", "standard", "stripe", "hmac", "bearer"])
def test_a_json_object_is_the_payload(scheme: str) -> None:
    assert read(scheme, b' {"a": 1.50} ').payload == {"a": 1.5}
    for body in (
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"a":1,"a":2}',
        b"a=1",
        b"payload=%7B%7D",
    ):
        with pytest.raises(StrictJsonError):
            read(scheme, body)


def test_stripe_and_standard_senders_say_in_the_body_what_it_is() -> None:
    body = b'{"id": "evt_1", "type": "invoice.paid"}'
    assert read("stripe", body) == Content(json.loads(body), "evt_1", "invoice.paid")
    assert read("standard", body) == Content(json.loads(body), None, "invoice.paid")
    assert read("github", body) == Content(json.loads(body))


@pytest.mark.parametrize(
    "value", [None, 1, "", "two words", "x" * 101, "é", "a\0b", ["evt"], {}]
)
def test_what_is_no_name_names_nothing(value: Any) -> None:
    body = json.dumps({"id": value, "type": value, "event_id": value}).encode()
    for scheme in ("stripe", "standard", "slack"):
        content = read(scheme, body)
        assert (content.delivery_id, content.event) == (None, None)


def test_an_event_of_slack_is_json() -> None:
    payload = {
        "type": "event_callback",
        "event_id": "Ev1",
        "event": {"type": "message"},
    }
    body = json.dumps(payload).encode()
    assert read("slack", body) == Content(payload, "Ev1", "message")


def test_slack_asks_whether_this_address_is_ours() -> None:
    body = b'{"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}'
    content = read("slack", body)
    assert (content.challenge, content.event) == ("3eZbrw1aB", "url_verification")
    for odd in (b'"\\u0000"', b"1", b"null", b'"a b"'):
        assert read("slack", body.replace(b'"3eZbrw1aB"', odd)).challenge is None
    assert read("slack", b'{"type": "message", "challenge": "x"}').challenge is None


def test_what_people_click_in_slack_is_json_in_a_form() -> None:
    payload = {
        "type": "block_actions",
        "trigger_id": "13.37",
        "actions": [{"x": "ü&="}],
    }
    content = read("slack", as_form(payload))
    assert content == Content(payload, "13.37", "block_actions", is_form=True)


def test_a_command_of_slack_is_a_form() -> None:
    body = b"command=%2Fdeploy&text=api+4.2&trigger_id=1.2&user_name="
    content = read("slack", body)
    assert content.payload == {
        "command": "/deploy",
        "text": "api 4.2",
        "trigger_id": "1.2",
        "user_name": "",
    }
    assert (content.delivery_id, content.event) == ("1.2", "/deploy")
    assert content.is_form


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"text",
        b"a=1&a=2",
        b"a=%ff",
        b"a=%ED%A0%80",
        "a=é".encode(),
        b"\xff=1",
        b"a=1;b=2&c",
        b"a=1&" * 1_001,
        b"&",
    ],
)
def test_what_is_neither_json_nor_a_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadFormError):
        read("slack", body)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a":1,"a":2}', '{"a":NaN}', '{"a":"\\ud800"}', "{}" * 2]
)
def test_json_in_a_form_is_as_strict(text: str) -> None:
    with pytest.raises(StrictJsonError):
        read("slack", urlencode({"payload": text}).encode())


@pytest.mark.skipif(not EVENTS, reason="the payloads of Slack are not here")
def test_every_event_and_every_click_of_slack_is_read() -> None:
    for path in EVENTS:
        body = path.read_bytes()
        assert read("slack", body, 100_000).payload == json.loads(body), path
    for path in CLICKS:
        payload = json.loads(path.read_bytes())
        content = read("slack", as_form(payload), 100_000)
        assert (content.payload, content.is_form) == (payload, True), path
    assert len(EVENTS) + len(CLICKS) > 60


@given(st.binary(), st.sampled_from(["slack", "stripe", "standard", "github"]))
def test_nothing_else_is_ever_said_of_a_body(body: bytes, scheme: str) -> None:
    try:
        content = read(scheme, body)
    except (StrictJsonError, BadFormError):
        return
    assert isinstance(content.payload, dict)
