"""A request is one message in a channel, from its first moment to its end."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from tests.factories import let_pass, make_request, make_run, run_steps
from tests.slack import fake, flows
from tests.slack.block_kit import labels_of, words_of
from tests.slack.fake import Slack
from tests.slack.sending import let_a_minute_pass, outgoing, send_due
from workflows_app.engine.ticks import RequestDue
from workflows_app.models import (
    InputRequest,
    Message,
    SlackCard,
    SlackChannel,
    SlackWorkspace,
)
from workflows_app.notify.outbox import claim, resend
from workflows_app.notify.sending import send_message
from workflows_app.notify.slack import cards
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.transition import apply

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = ["Approve", "Decline", "Open in Holdpoint"]


@pytest.fixture
def shown(slack: Slack, channel: SlackChannel) -> InputRequest:
    """A question that the channel has before it."""
    request = make_request(flows.plain)
    send_due()
    assert labels_of(slack.message()) == OPEN
    return request


def respond(
    request: InputRequest, user: User, outcome: str = "approve", **more: Any
) -> None:
    answer = Answer(outcome=outcome, user=user, door="browser", **more)
    Handler(request.run_id).respond(request.request_id, answer)


def test_a_question_is_posted_once_with_its_buttons(
    slack: Slack, shown: InputRequest
) -> None:
    card = SlackCard.objects.get()
    assert (fake.CHANNEL, card.ts) in slack.messages
    assert (card.shown, card.tried_at, card.busy_until) == ("open", None, None)
    assert card.posted_at is not None
    assert slack.message()["metadata"]["event_payload"] == {"request": str(shown.pk)}
    assert f"https://holdpoint.example/requests/{shown.pk}/" in words_of(
        slack.message()
    )
    assert outgoing().status == "delivered"
    assert slack.calls == ["chat.postMessage"]


def test_a_decision_in_the_browser_replaces_the_message(
    slack: Slack, shown: InputRequest, bob: User
) -> None:
    respond(shown, bob)
    send_due()
    assert labels_of(slack.message()) == []
    assert "*Approved* by bob" in words_of(slack.message())
    assert slack.calls == ["chat.postMessage", "chat.update"]


def test_a_decision_that_is_taken_back_brings_the_buttons_back(
    slack: Slack, shown: InputRequest, bob: User
) -> None:
    respond(shown, bob)
    send_due()
    Handler(shown.run_id).withdraw_vote(shown.request_id, bob)
    send_due()
    assert labels_of(slack.message()) == OPEN
    assert SlackCard.objects.get().shown == "open"


def test_when_a_decision_begins_to_count_slack_hears_nothing_new(
    slack: Slack, shown: InputRequest, bob: User
) -> None:
    respond(shown, bob)
    send_due()
    let_pass(shown.run_id, 10)
    apply(shown.run_id, RequestDue(shown.request_id))
    assert run_steps(shown.run_id).status == "completed"
    calls = list(slack.calls)
    assert send_due() == 1
    assert slack.calls == calls


def test_what_nobody_decides_in_time_says_so(slack: Slack, shown: InputRequest) -> None:
    let_pass(shown.run_id, 4_000)
    apply(shown.run_id, RequestDue(shown.request_id))
    send_due()
    assert "*Nobody decided in time*" in words_of(slack.message())
    assert labels_of(slack.message()) == []


def test_what_is_withdrawn_says_so(slack: Slack, shown: InputRequest) -> None:
    Handler(shown.run_id).abort(actor="olga")
    send_due()
    assert "*Withdrawn*" in words_of(slack.message())
    assert labels_of(slack.message()) == []


def test_votes_are_told_as_they_come(
    slack: Slack, channel: SlackChannel, ada: User, bob: User
) -> None:
    request = make_request(flows.plain, approvals=2, undo=0.0)
    send_due()
    respond(request, ada)
    send_due()
    assert "Approve: 1 of 2 (ada)" in words_of(slack.message())
    assert labels_of(slack.message()) == OPEN
    Handler(request.run_id).withdraw_vote(request.request_id, ada)
    send_due()
    assert "1 of 2" not in words_of(slack.message())
    respond(request, ada)
    respond(request, bob)
    send_due()
    assert "*Approved* by bob" in words_of(slack.message())


def test_what_was_decided_before_anybody_was_told_is_not_posted(
    slack: Slack, channel: SlackChannel, bob: User
) -> None:
    request = make_request(flows.plain, undo=0.0)
    respond(request, bob)
    send_due()
    assert slack.messages == {}
    assert outgoing().status == "superseded"


@pytest.mark.parametrize(
    ("told", "posted"),
    [
        ({}, True),
        ({"workflows": ["slack-plain"]}, True),
        ({"workflows": ["other"]}, False),
        ({"groups": ["finance"]}, False),
        ({"groups": ["finance", "deployers"]}, True),
        ({"is_active": False}, False),
    ],
)
def test_a_channel_is_told_of_what_is_for_it(
    slack: Slack, channel: SlackChannel, told: dict[str, Any], posted: bool
) -> None:
    for name, value in told.items():
        setattr(channel, name, value)
    channel.save()
    make_run(flows.plain, groups=["deployers"])
    send_due()
    assert bool(slack.messages) is posted


def test_a_channel_that_was_switched_off_is_called_no_more(
    slack: Slack, shown: InputRequest, channel: SlackChannel, bob: User
) -> None:
    SlackWorkspace.objects.update(is_active=False)
    respond(shown, bob)
    send_due()
    assert slack.calls == ["chat.postMessage"]
    assert outgoing().last_reply == "The channel is switched off."


# Slack in trouble


def test_slack_is_asked_again_when_it_wants_to_be(
    slack: Slack, channel: SlackChannel
) -> None:
    slack.faults.append("busy")
    make_run(flows.plain)
    send_due()
    assert outgoing().last_reply == "Slack wants to be asked again in 7 s."
    make_run(flows.plain)
    send_due()
    assert slack.calls == ["chat.postMessage!"], "the whole workspace has a pause"
    let_a_minute_pass()
    send_due()
    assert len(slack.messages) == 2
    assert {m.status for m in Message.objects.all()} == {"delivered"}


def test_being_asked_to_wait_is_no_failure_however_often(
    slack: Slack, channel: SlackChannel
) -> None:
    make_run(flows.plain)
    for _ in range(12):
        slack.faults.append("busy")
        send_due()
        let_a_minute_pass()
    assert outgoing().status == "pending"
    send_due()
    assert outgoing().status == "delivered"


@pytest.mark.parametrize("fault", ["lost", "broken", "gone"])
def test_after_an_unclear_reply_there_is_still_one_message(
    slack: Slack, channel: SlackChannel, fault: fake.Fault
) -> None:
    slack.faults.append(fault)
    make_run(flows.plain)
    send_due()
    assert outgoing().status == "pending"
    Message.objects.update(due_at=Now())
    send_due()
    assert len(slack.calls) == 1, "Slack may still be at it"
    let_a_minute_pass()
    send_due()
    assert len(slack.messages) == 1
    assert slack.calls[1] == "conversations.history"
    assert SlackCard.objects.get().ts == slack.message()["ts"]
    assert outgoing().status == "delivered"


def test_a_message_is_found_again_however_much_was_said_after_it(
    slack: Slack, channel: SlackChannel, bob: User
) -> None:
    slack.faults.append("lost")
    request = make_request(flows.plain, undo=0.0)
    send_due()
    ts = slack.message()["ts"]
    for n in range(5):
        other = f"{float(ts) + n + 1:.6f}"
        slack.messages[fake.CHANNEL, other] = {"ts": other, "text": "hello"}
    respond(request, bob)
    let_a_minute_pass()
    send_due()
    assert slack.calls.count("conversations.history") == 3
    assert "*Approved* by bob" in words_of(slack.messages[fake.CHANNEL, ts])
    assert slack.calls.count("chat.postMessage") == 1


def test_a_worker_that_died_while_it_posted_is_looked_after(
    slack: Slack, channel: SlackChannel
) -> None:
    make_run(flows.plain)
    claimed = claim(outgoing().pk)
    assert claimed is not None
    cards.begin_to_post(cards.take_turn(claimed.message))
    assert send_due() == 0
    let_a_minute_pass()
    send_due()
    assert slack.calls == ["conversations.history", "chat.postMessage"]
    assert len(slack.messages) == 1


def test_what_cannot_be_looked_for_is_never_posted_twice(
    slack: Slack, channel: SlackChannel
) -> None:
    slack.scopes.remove("conversations")
    slack.faults.append("lost")
    make_run(flows.plain)
    send_due()
    let_a_minute_pass()
    send_due()
    assert outgoing().status == "failed"
    assert "scopes of docs/slack.md" in outgoing().last_reply
    assert len(slack.messages) == 1
    card = SlackCard.objects.get()
    cards.forget([card.pk])
    resend(cards.outbox_of([card.pk]))
    send_due()
    assert len(slack.messages) == 2, "an operator has said so"


def test_many_workers_post_one_message(slack: Slack, channel: SlackChannel) -> None:
    make_run(flows.plain)
    message = outgoing().pk

    async def send_often() -> None:
        await asyncio.gather(*(send_message(message) for _ in range(5)))

    asyncio.run(send_often())
    assert len(slack.messages) == 1


def test_a_turn_that_somebody_else_has_is_waited_for(
    slack: Slack, channel: SlackChannel
) -> None:
    make_run(flows.plain)
    cards.take_turn(outgoing())
    send_due()
    assert slack.calls == []
    assert outgoing().status == "pending"
    let_a_minute_pass()
    send_due()
    assert len(slack.messages) == 1


def test_what_changes_while_it_is_sent_is_sent_again(
    slack: Slack, shown: InputRequest, bob: User
) -> None:
    resend([outgoing().pk])
    message = outgoing().pk
    claimed = claim(message)
    assert claimed is not None
    respond(shown, bob)
    assert outgoing().status == "pending"
    assert send_due() == 1
    assert "*Approved* by bob" in words_of(slack.message())


def test_a_message_that_somebody_deleted_is_told_to_operators(
    slack: Slack, shown: InputRequest, bob: User
) -> None:
    slack.messages.clear()
    respond(shown, bob)
    send_due()
    assert outgoing().status == "failed"
    assert "deleted the message" in outgoing().last_reply


def test_a_token_that_does_not_count_is_said_to_be_one_and_not_shown(
    slack: Slack, workspace: SlackWorkspace, channel: SlackChannel
) -> None:
    SlackWorkspace.objects.update(bot_token="xoxb-swordfish-1")
    make_run(flows.plain)
    send_due()
    assert outgoing().status == "failed"
    assert "put in a new one" in outgoing().last_reply
    assert "swordfish" not in outgoing().last_reply


def test_an_app_that_was_not_invited_is_told_so(
    slack: Slack, channel: SlackChannel
) -> None:
    slack.channels.clear()
    make_run(flows.plain)
    send_due()
    assert "Invite the app" in outgoing().last_reply
    slack.channels.add(fake.CHANNEL)
    resend([outgoing().pk])
    send_due()
    assert len(slack.messages) == 1


def test_while_slack_is_away_the_message_waits(
    slack: Slack, channel: SlackChannel, settings: Any
) -> None:
    settings.SLACK_API = "http://127.0.0.1:9/api"
    make_run(flows.plain)
    send_due()
    assert outgoing().status == "pending"
    assert "No connection" in outgoing().last_reply
    settings.SLACK_API = slack.api
    let_a_minute_pass()
    send_due()
    assert slack.calls == ["chat.postMessage"], "nothing was in doubt"


def test_two_channels_see_the_same_question(
    slack: Slack, channel: SlackChannel, workspace: SlackWorkspace, bob: User
) -> None:
    other = "C0ABCDEF2"
    slack.channels.add(other)
    SlackChannel.objects.create(name="more", workspace=workspace, conversation=other)
    request = make_request(flows.plain)
    send_due()
    respond(request, bob)
    send_due()
    assert {channel for channel, _ in slack.messages} == {fake.CHANNEL, other}
    assert all("*Approved*" in words_of(m) for m in slack.messages.values())


def test_groups_that_are_asked_later_see_it_in_their_channel(
    slack: Slack, channel: SlackChannel
) -> None:
    channel.groups = ["finance"]
    channel.save()
    request = make_request(flows.plain, groups=["leads"], later=["finance"])
    assert send_due() == 0
    let_pass(request.run_id, 61)
    apply(request.run_id, RequestDue(request.request_id))
    send_due()
    assert labels_of(slack.message()) == OPEN
