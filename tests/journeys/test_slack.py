"""A question goes to Slack, a press comes back, and the message says what became of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.intake.signing import as_form
from tests.journeys.house import House, wait_for
from tests.slack import fake
from tests.slack.block_kit import labels_of, words_of
from tests.slack.fake import Slack, signed

SET_UP = """
import sys
import django
django.setup()
from django.contrib.auth.models import User
from workflows_app.models import SlackChannel, SlackIdentity, SlackWorkspace
team, token, secret, conversation, member = sys.argv[1:]
workspace = SlackWorkspace.objects.create(
    name="example", team_id=team, bot_token=token, signing_secret=secret)
SlackChannel.objects.create(
    name="decisions", workspace=workspace, conversation=conversation,
    workflows=["slack-plain"])
SlackIdentity.objects.create(
    team_id=team, slack_user=member, user=User.objects.get(username="ada"))
"""

START = """
import django
django.setup()
from tests.factories import start_run
from tests.slack.flows import plain
print(start_run(plain))
"""


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    with fake.serving() as slack:
        yield slack


@pytest.fixture(scope="module")
def house(slack: Slack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data: Path = tmp_path_factory.mktemp("slack") / "var"
    house = House(data, HOLDPOINT_APPS="tests.slack", HOLDPOINT_SLACK_API=slack.api)
    house.start()
    known = (fake.TEAM, fake.TOKEN, fake.SECRET, fake.CHANNEL, fake.ANA)
    house.run_python(SET_UP, *known)
    yield house
    house.stop()


@pytest.mark.timeout(240)
def test_a_press_in_slack_lets_the_run_go_on(house: House, slack: Slack) -> None:
    run_id = house.run_python(START).strip()
    wait_for(lambda: slack.messages, seconds=30)
    assert labels_of(slack.message())[:2] == ["Approve", "Decline"]

    payload = slack.pressed("Approve")
    reply = _press(house, payload)

    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.elapsed.total_seconds() < 3
    wait_for(lambda: house.status(run_id) == "completed", seconds=30)
    wait_for(lambda: not labels_of(slack.message()), seconds=30)
    assert "*Approved* by ada" in words_of(slack.message())
    assert slack.calls.count("chat.postMessage") == 1
    assert slack.whispers == []

    late = {**payload, "user": {"id": "U0NOBODY1", "team_id": fake.TEAM}}
    assert _press(house, late).status_code == 200
    (told,) = slack.whispers
    assert "does not know who you are" in told["text"]


def _press(house: House, payload: dict[str, Any]) -> httpx.Response:
    body = as_form(payload)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    address = f"{house.url}/slack/interactive/"
    return httpx.post(
        address, content=body, headers={**signed(body), **kind}, timeout=10
    )
