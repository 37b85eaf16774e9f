"""Whatever Slack sends is taken without an error: its own samples, and worse."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.signing import as_form
from tests.slack.fake import signed
from workflows_app.intake.clock import database_time
from workflows_app.intake.slack.press_payload import read_pressed
from workflows_app.models import SlackPress, SlackWorkspace

SAMPLES = Path("../shared/data/slack-payloads")
FILES = sorted(SAMPLES.rglob("*.json"))
needs_samples = pytest.mark.skipif(not FILES, reason=f"{SAMPLES} is not here")


def post(address: str, body: bytes) -> Any:
    headers = signed(body, database_time())
    is_json = body[:1] == b"{"
    kind = "application/json" if is_json else "application/x-www-form-urlencoded"
    return Client().post(address, body, content_type=kind, headers=headers)


@needs_samples
@pytest.mark.django_db
@pytest.mark.parametrize("address", ["interactive/", "events/", "interactive"])
def test_every_sample_of_slack_is_taken(
    address: str, workspace: SlackWorkspace
) -> None:
    for path in FILES:
        payload = json.loads(path.read_text())
        for body in (as_form(payload), json.dumps(payload).encode(), path.read_bytes()):
            reply = post(f"/slack/{address}", body)
            assert reply.status_code == 200, path.name
    assert SlackPress.objects.count() == 0


@pytest.mark.django_db
def test_slack_hears_that_the_address_is_ours(workspace: SlackWorkspace) -> None:
    body = b'{"type":"url_verification","challenge":"3eZbrw1aB","token":"x"}'
    reply = post("/slack/events/", body)
    assert reply.json() == {"challenge": "3eZbrw1aB"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"payload=",
        b"payload=%7B",
        b"payload=[]",
        b"payload=null",
        b"payload=%7B%22a%22%3A1%2C%22a%22%3A2%7D",
        b"payload=%7B%7D&payload=%7B%7D",
        b"payload=%FF",
        b"payload=%ED%A0%80",
        b"\xff\xfe",
        b"payload=" + b"%5B" * 10_000,
        b"a&b",
    ],
)
def test_what_is_no_payload_is_refused_and_not_an_error(
    workspace: SlackWorkspace, body: bytes
) -> None:
    reply = post("/slack/interactive/", body)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "bad_payload"


_NAMES = [
    "actions",
    "user",
    "team",
    "id",
    "team_id",
    "container",
    "channel",
    "message_ts",
    "channel_id",
    "action_id",
    "value",
    "x",
]
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_NAMES),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["actions", "user", "container"]), _json))
def test_no_payload_breaks_the_reader(payload: dict[str, Any]) -> None:
    assert read_pressed(payload) is None
