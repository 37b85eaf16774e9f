"""What administrators set up, and what operators see and do, of Slack."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories import make_request
from tests.intake.signing import as_form
from tests.slack import fake, flows
from tests.slack.fake import Slack, signed
from tests.slack.sending import outgoing, send_due
from workflows_app.intake.clock import database_time
from workflows_app.models import (
    SlackCard,
    SlackChannel,
    SlackIdentity,
    SlackPress,
    SlackWorkspace,
)

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Client]
MODELS = [SlackWorkspace, SlackChannel, SlackIdentity, SlackCard, SlackPress]


def address(model: Any, act: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:workflows_app_{model._meta.model_name}_{act}", args=args)


def act(client: Client, name: str, *rows: Any) -> Any:
    form = {"action": name, "_selected_action": [row.pk for row in rows]}
    return client.post(address(rows[0]), form, follow=True)


@pytest.fixture
def filled(slack: Slack, channel: SlackChannel, ana: User) -> SlackChannel:
    """One row of each kind."""
    make_request(flows.plain)
    send_due()
    body = as_form(slack.pressed("Approve"))
    kind = "application/x-www-form-urlencoded"
    headers = signed(body, database_time())
    Client().post("/slack/interactive/", body, content_type=kind, headers=headers)
    return channel


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_operators_see_all_of_it(
    model: Any, filled: SlackChannel, olga: User, signed_in: SignIn
) -> None:
    client = signed_in(olga)
    row = model.objects.get()
    assert client.get(address(model)).status_code == 200
    page = client.get(address(model, "change", row.pk))
    assert page.status_code == 200
    assert fake.TOKEN not in page.text
    assert fake.SECRET not in page.text


@pytest.mark.parametrize("model", [SlackWorkspace, SlackIdentity])
def test_who_could_answer_as_others_is_an_administrator(
    model: Any, filled: SlackChannel, olga: User, root: User, signed_in: SignIn
) -> None:
    assert signed_in(olga).get(address(model, "add")).status_code == 403
    assert signed_in(root).get(address(model, "add")).status_code == 200
    row = model.objects.get()
    assert signed_in(olga).post(address(model, "change", row.pk)).status_code == 403
    assert signed_in(olga).post(address(model, "delete", row.pk)).status_code == 403


def test_an_operator_adds_a_channel(
    workspace: SlackWorkspace, olga: User, signed_in: SignIn
) -> None:
    form = {
        "name": "deploys",
        "workspace": workspace.pk,
        "conversation": "C0DEPLOYS",
        "workflows": "release-gate",
        "groups": "",
        "is_active": "on",
    }
    reply = signed_in(olga).post(address(SlackChannel, "add"), form)
    assert reply.status_code == 302, reply.text
    channel = SlackChannel.objects.get()
    assert (channel.channel, channel.kinds) == ("slack", [])
    assert (channel.workflows, channel.groups) == (["release-gate"], [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conversation", "#general"),
        ("conversation", "c0lower01"),
        ("conversation", ""),
    ],
)
def test_what_can_be_no_channel_is_said_to_be_none(
    workspace: SlackWorkspace, olga: User, signed_in: SignIn, name: str, value: str
) -> None:
    form = {"name": "deploys", "workspace": workspace.pk, name: value}
    reply = signed_in(olga).post(address(SlackChannel, "add"), form)
    assert reply.status_code == 200
    assert SlackChannel.objects.count() == 0


def test_a_test_message_says_that_it_works(
    slack: Slack, channel: SlackChannel, olga: User, signed_in: SignIn
) -> None:
    reply = act(signed_in(olga), "send_test", channel)
    assert "the test message is there" in reply.text
    assert slack.calls == ["auth.test", "chat.postMessage"]


def test_a_test_message_says_what_is_wrong(
    slack: Slack, channel: SlackChannel, olga: User, signed_in: SignIn
) -> None:
    slack.channels.clear()
    reply = act(signed_in(olga), "send_test", channel)
    assert "Invite the app to the channel" in reply.text
    SlackWorkspace.objects.update(team_id="T0OTHER01")
    reply = act(signed_in(olga), "send_test", channel)
    assert f"The bot token is of team {fake.TEAM}" in reply.text


def test_a_message_is_brought_up_to_date(
    slack: Slack, filled: SlackChannel, olga: User, signed_in: SignIn
) -> None:
    send_due()
    calls = len(slack.calls)
    act(signed_in(olga), "bring_up_to_date", SlackCard.objects.get())
    send_due()
    assert outgoing().last_reply == "Slack shows it already."
    assert len(slack.calls) == calls


def test_what_was_deleted_in_slack_is_posted_anew(
    slack: Slack, channel: SlackChannel, olga: User, signed_in: SignIn
) -> None:
    make_request(flows.plain)
    send_due()
    slack.messages.clear()
    act(signed_in(olga), "post_anew", SlackCard.objects.get())
    send_due()
    assert len(slack.messages) == 1
