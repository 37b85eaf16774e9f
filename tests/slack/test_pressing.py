"""A press is an answer of a person: proven, with his rights, counted once."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from tests.factories import let_pass, make_request, run_steps, start_run
from tests.intake.signing import as_form
from tests.slack import fake, flows
from tests.slack.block_kit import words_of
from tests.slack.fake import ANA, Slack, press_payload, signed
from tests.slack.sending import send_due
from workflows_app.engine.ticks import RequestDue
from workflows_app.intake.clock import database_time
from workflows_app.models import (
    InputRequest,
    InputResponse,
    SlackCard,
    SlackChannel,
    SlackIdentity,
    SlackPress,
    SlackWorkspace,
)
from workflows_app.notify.slack.buttons import Press
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.transition import apply

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "/slack/interactive/"
BEN = "U0BEN0001"


@pytest.fixture
def shown(slack: Slack, channel: SlackChannel) -> InputRequest:
    """A question that the channel has before it."""
    request = make_request(flows.plain)
    send_due()
    return request


def post(body: bytes, **headers: str) -> Any:
    known = headers or signed(body, database_time())
    kind = "application/x-www-form-urlencoded"
    return Client().post(ADDRESS, body, content_type=kind, headers=known)


def press(payload: dict[str, Any]) -> Any:
    reply = post(as_form(payload))
    assert (reply.status_code, reply.content) == (200, b"")
    return reply


def state(request: InputRequest) -> str:
    request.refresh_from_db()
    return request.status


def whisper(slack: Slack) -> str:
    """The only thing that somebody alone was told."""
    (told,) = slack.whispers
    assert told["channel"] == fake.CHANNEL
    return told["text"]


def test_a_press_decides_and_the_message_says_so(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    press(slack.pressed("Approve"))
    run = run_steps(shown.run_id)
    assert json.loads(run.result or "") == ["approve", "ana", "slack"]
    vote = InputResponse.objects.get()
    assert (vote.user, vote.door, vote.outcome) == (ana, "slack", "approve")
    send_due()
    assert "*Approved* by ana" in words_of(slack.message())
    assert slack.whispers == []
    kept = SlackPress.objects.get()
    assert (kept.result, kept.user, kept.outcome) == ("answered", ana, "approve")


def test_a_press_is_bound_to_what_was_shown(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    payload = slack.pressed("Approve")
    value = Press(shown.pk, "0" * 64, 0).value
    payload["actions"][0]["value"] = value
    press(payload)
    assert state(shown) == "open"
    assert "not the one that this message shows" in whisper(slack)


def test_the_same_bytes_count_once(
    slack: Slack, channel: SlackChannel, ana: User
) -> None:
    """Even when the vote was taken back since, and the signature is still fresh."""
    request = make_request(flows.plain, approvals=2)
    send_due()
    body = as_form(slack.pressed("Approve"))
    headers = signed(body, database_time())
    assert post(body, **headers).status_code == 200
    assert InputResponse.objects.filter(withdrawn_at=None).count() == 1
    Handler(request.run_id).withdraw_vote(request.request_id, ana)
    assert post(body, **headers).status_code == 200
    assert InputResponse.objects.filter(withdrawn_at=None).count() == 0
    assert SlackPress.objects.count() == 1
    assert slack.whispers == []


def test_the_same_bytes_at_once_count_once(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    body = as_form(slack.pressed("Approve"))
    headers = signed(body, database_time())
    assert _at_once([lambda: post(body, **headers)] * 4) == [200] * 4
    assert InputResponse.objects.count() == 1
    assert SlackPress.objects.count() == 1


def test_one_of_two_who_press_at_once_decides_and_the_other_is_told(
    slack: Slack, shown: InputRequest, ana: User, bob: User
) -> None:
    SlackIdentity.objects.create(team_id=fake.TEAM, slack_user=BEN, user=bob)
    bodies = [
        as_form(slack.pressed("Approve", ANA)),
        as_form(slack.pressed("Decline", BEN)),
    ]
    assert _at_once([partial(post, body) for body in bodies]) == [200] * 2
    vote = InputResponse.objects.get()
    assert f"{vote.responder} {vote.outcome}" in whisper(slack)
    results = sorted(SlackPress.objects.values_list("result", flat=True))
    assert results == ["answered", "refused"]


def _at_once(acts: Sequence[Callable[[], Any]]) -> list[int]:
    """What each gets that all do at the same moment."""
    barrier, got = Barrier(len(acts)), []

    def act(do: Callable[[], Any]) -> None:
        barrier.wait(10)
        try:
            got.append(do().status_code)
        finally:
            connection.close()

    threads = [Thread(target=act, args=(do,)) for do in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return got


def test_pressing_twice_is_answered_once(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    press(slack.pressed("Approve"))
    press(slack.pressed("Approve", at=1_764_165_720.5))
    assert InputResponse.objects.count() == 1
    results = SlackPress.objects.order_by("pressed_at").values_list("result", flat=True)
    assert list(results) == ["answered", "repeated"]


def test_nobody_is_told_of_where_a_payload_wants_him_to_go(
    slack: Slack, shown: InputRequest
) -> None:
    """Only the API that an operator has set is called, never a response_url."""
    press(slack.pressed("Approve"))
    assert slack.calls == ["chat.postMessage", "chat.postEphemeral"]


# Who may not, and who comes too late


def test_who_is_not_known_decides_nothing_and_hears_what_to_do(
    slack: Slack, shown: InputRequest
) -> None:
    press(slack.pressed("Approve"))
    assert state(shown) == "open"
    assert "does not know who you are" in whisper(slack)
    assert f"member {ANA} of team {fake.TEAM}" in whisper(slack)
    assert slack.whispers[0]["user"] == ANA


def test_an_id_counts_within_its_team_only(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    press(slack.pressed("Approve", ANA, team="T0OTHER01"))
    assert state(shown) == "open"


def test_who_is_no_user_any_more_decides_nothing(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)
    press(slack.pressed("Approve"))
    assert state(shown) == "open"
    assert "does not know who you are" in whisper(slack)


def test_who_may_not_see_it_hears_only_that(
    slack: Slack, shown: InputRequest, eve: User, bob: User
) -> None:
    SlackIdentity.objects.create(team_id=fake.TEAM, slack_user=BEN, user=eve)
    Handler(shown.run_id).respond("deploy", Answer(outcome="approve", user=bob))
    press(slack.pressed("Approve", BEN))
    assert "You may not answer this" in whisper(slack)
    assert "bob" not in whisper(slack)


def test_who_started_it_must_leave_it_to_others(
    slack: Slack, channel: SlackChannel, ana: User
) -> None:
    run_id = start_run(flows.plain, user=ana)
    run_steps(run_id)
    send_due()
    press(slack.pressed("Approve"))
    assert "You started this run" in whisper(slack)
    assert InputResponse.objects.count() == 0


def test_operators_answer_nothing_here_either(
    slack: Slack, shown: InputRequest, olga: User
) -> None:
    SlackIdentity.objects.create(team_id=fake.TEAM, slack_user=BEN, user=olga)
    press(slack.pressed("Approve", BEN))
    assert state(shown) == "open"
    assert "Only reviewers may answer" in whisper(slack)


def test_who_comes_too_late_hears_who_was_first(
    slack: Slack, shown: InputRequest, ana: User, bob: User
) -> None:
    payload = slack.pressed("Decline")
    answer = Answer(outcome="approve", user=bob, door="browser")
    Handler(shown.run_id).respond("deploy", answer)
    press(payload)
    assert "bob approved this already" in whisper(slack)
    assert f"/requests/{shown.pk}/" in whisper(slack)
    send_due()
    assert "*Approved* by bob" in words_of(slack.message())


def test_a_press_after_the_end_is_told_so(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    payload = slack.pressed("Approve")
    let_pass(shown.run_id, 4_000)
    apply(shown.run_id, RequestDue("deploy"))
    press(payload)
    assert "The time for this is over" in whisper(slack)


def test_a_press_after_a_withdrawal_is_told_so(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    payload = slack.pressed("Approve")
    Handler(shown.run_id).abort(actor="olga")
    press(payload)
    assert "this was withdrawn" in whisper(slack)


def test_what_somebody_else_has_taken_is_his(
    slack: Slack, shown: InputRequest, ana: User, bob: User
) -> None:
    claims.claim(bob, shown.pk)
    press(slack.pressed("Approve"))
    assert state(shown) == "open"
    assert "bob has taken this until" in whisper(slack)


@pytest.mark.parametrize("place", [1, 2, 3, 999])
def test_what_takes_more_than_a_press_is_not_decided_by_one(
    slack: Slack, channel: SlackChannel, ana: User, place: int
) -> None:
    """A reason, a word to type: nobody gets round them with a button that never was."""
    request = make_request(flows.mixed)
    send_due()
    payload = slack.pressed("Approve")
    payload["actions"][0]["value"] = Press(request.pk, request.digest, place).value
    press(payload)
    assert state(request) == "open"
    assert "Nothing was decided" in whisper(slack)


def test_what_must_be_claimed_is_not_decided_by_a_press(
    slack: Slack, channel: SlackChannel, ana: User
) -> None:
    request = make_request(flows.plain, claim="required")
    send_due()
    action = {
        "action_id": "decide-0",
        "value": Press(request.pk, request.digest, 0).value,
    }
    press(press_payload(action, fake.CHANNEL, slack.message()["ts"]))
    assert state(request) == "open"
    assert "more than a button" in whisper(slack)


def test_a_press_of_another_message_is_none(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    action = slack.pressed("Approve")["actions"][0]
    press(press_payload(action, fake.CHANNEL, "1764165720.000999"))
    press(press_payload(action, "C0ELSE001", slack.message()["ts"]))
    assert state(shown) == "open"
    assert {w["text"] for w in slack.whispers} == {
        "This message is not known here any more, so nothing was decided."
    }


def test_a_press_tells_the_name_of_a_message_that_was_lost(
    slack: Slack, channel: SlackChannel, ana: User
) -> None:
    slack.faults.append("lost")
    make_request(flows.plain)
    send_due()
    assert SlackCard.objects.get().ts == ""
    press(slack.pressed("Approve"))
    assert InputResponse.objects.get().outcome == "approve"
    assert SlackCard.objects.get().ts == slack.message()["ts"]


# Who it is from


def test_what_slack_did_not_sign_is_refused(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    body, now = as_form(slack.pressed("Approve")), database_time()
    for headers in (
        {"X-Nothing": "x"},
        signed(body, now, "another secret"),
        signed(body, now - 400),
        signed(body, now + 400),
        signed(body + b" ", now),
    ):
        assert post(body, **headers).status_code == 401
    assert state(shown) == "open"
    assert SlackPress.objects.count() == 0


def test_a_workspace_that_is_switched_off_signs_nothing(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    SlackWorkspace.objects.update(is_active=False)
    body = as_form(slack.pressed("Approve"))
    assert post(body).status_code == 401


def test_without_any_workspace_nothing_is_taken(transactional_db: None) -> None:
    assert post(b"payload=%7B%7D").status_code == 401


def test_another_workspaces_secret_does_not_reach_this_channel(
    slack: Slack, shown: InputRequest, ana: User
) -> None:
    SlackWorkspace.objects.create(
        name="other",
        team_id="T0OTHER01",
        bot_token="xoxb-other-1",
        signing_secret="another secret",
    )
    body = as_form(slack.pressed("Approve"))
    assert (
        post(body, **signed(body, database_time(), "another secret")).status_code == 200
    )
    assert state(shown) == "open"


def test_a_large_body_is_refused(workspace: SlackWorkspace, settings: Any) -> None:
    settings.INTAKE_LIMIT = 100
    assert post(b"x" * 101).status_code == 413


def test_only_posts_are_taken(transactional_db: None) -> None:
    reply = Client().get(ADDRESS)
    assert (reply.status_code, reply["Allow"]) == (405, "POST")


def test_when_slack_cannot_be_told_the_press_is_still_taken(
    slack: Slack, shown: InputRequest
) -> None:
    slack.faults.append("broken")
    press(slack.pressed("Approve"))
    assert SlackPress.objects.get().is_told is False


# Who somebody is, by e-mail


@pytest.fixture
def by_email(workspace: SlackWorkspace, bob: User) -> User:
    SlackWorkspace.objects.update(matches_email=True)
    User.objects.filter(pk=bob.pk).update(email="Bob@Example.org")
    return bob


def test_a_confirmed_address_tells_who_somebody_is(
    slack: Slack, shown: InputRequest, by_email: User
) -> None:
    slack.add_member(BEN, "bob@example.org")
    press(slack.pressed("Approve", BEN))
    assert InputResponse.objects.get().user == by_email
    assert SlackIdentity.objects.get().matched_by == "email"
    assert slack.calls.count("users.info") == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"is_email_confirmed": False},
        {"is_bot": True},
        {"deleted": True},
        {"is_restricted": True},
        {"is_stranger": True},
        {"team_id": "T0OTHER01"},
        {"id": "U0OTHER01"},
        {"profile": None},
        {"profile": {"email": ["bob@example.org"]}},
    ],
)
def test_an_odd_member_stays_unknown(
    slack: Slack, shown: InputRequest, by_email: User, odd: dict[str, Any]
) -> None:
    slack.add_member(BEN, "bob@example.org", **odd)
    press(slack.pressed("Approve", BEN))
    assert state(shown) == "open"
    assert SlackIdentity.objects.count() == 0


def test_an_address_that_two_users_have_tells_nothing(
    slack: Slack, shown: InputRequest, by_email: User, ada: User
) -> None:
    User.objects.filter(pk=ada.pk).update(email="bob@example.org")
    slack.add_member(BEN, "bob@example.org")
    press(slack.pressed("Approve", BEN))
    assert state(shown) == "open"


def test_unless_an_administrator_wants_it_nobody_is_looked_up(
    slack: Slack, shown: InputRequest, by_email: User
) -> None:
    SlackWorkspace.objects.update(matches_email=False)
    slack.add_member(BEN, "bob@example.org")
    press(slack.pressed("Approve", BEN))
    assert state(shown) == "open"
    assert "users.info" not in slack.calls


def test_who_cannot_be_looked_up_in_time_is_asked_to_press_again(
    slack: Slack, shown: InputRequest, by_email: User
) -> None:
    slack.faults.append("hang")
    slack.add_member(BEN, "bob@example.org")
    press(slack.pressed("Approve", BEN))
    assert state(shown) == "open"
    assert "Press again" in whisper(slack)
