"""A press of a button is an answer: the same rules as at every door, and it counts once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import IntegrityError

from workflows_app import access
from workflows_app.engine.errors import AlreadyAnsweredError, EngineError
from workflows_app.models import (
    InputRequest,
    SlackCard,
    SlackChannel,
    SlackPress,
    SlackWorkspace,
)
from workflows_app.notify.outbox import resend
from workflows_app.notify.slack import cards
from workflows_app.notify.slack.api import SlackError, call
from workflows_app.notify.slack.buttons import pressable
from workflows_app.runtime.addresses import page_of_request
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.transition import Applied, beside_all
from workflows_app.shown.decisions import label_of

from . import words
from .members import QUICK, NotToldError, find_user
from .press_payload import Pressed, read_pressed

log = logging.getLogger(__name__)

DOOR = "slack"
Result = SlackPress.Result


class RefusedPressError(Exception):
    """Nothing comes of a press; the text is for whoever pressed."""


@dataclass(slots=True)
class Pressing:
    """A press on its way: what is found out about it, row by row."""

    pressed: Pressed
    workspace: SlackWorkspace
    digest: str
    channel: SlackChannel | None = None
    user: User | None = None
    asked: InputRequest | None = None
    outcome: str = ""

    def row(self, result: SlackPress.Result, told: str = "") -> SlackPress:
        return SlackPress(
            workspace=self.workspace,
            digest=self.digest,
            team_id=self.pressed.member.team,
            slack_user=self.pressed.member.user,
            user=self.user,
            request=self.asked,
            outcome=self.outcome,
            result=result,
            told=told,
        )


def take_press(
    senders: Sequence[SlackWorkspace], payload: Mapping[str, Any], body: bytes
) -> None:
    """Let come of a press what its button says, or tell the person why nothing did.

    What was signed once counts once, however often it is sent.
    """
    pressed = read_pressed(payload)
    if pressed is None:
        return
    channel = _find_channel(senders, pressed)
    workspace = channel.workspace if channel else senders[0]
    pressing = Pressing(pressed, workspace, sha256(body).hexdigest(), channel)
    known = SlackPress.objects.filter(workspace=workspace, digest=pressing.digest)
    if known.exists():
        return
    try:
        _answer(pressing)
    except RefusedPressError as refusal:
        _refuse(pressing, str(refusal))
    except IntegrityError as error:
        if "count_each_press_once" not in str(error):
            raise
        log.info("Left out a press that another process has taken just now")


def _answer(pressing: Pressing) -> None:
    """Find who pressed and what, and let the run take it."""
    card = _find_card(pressing)
    user = pressing.user = _find_user(pressing)
    asked = pressing.asked = _find_asked(user, card)
    pressing.outcome = _find_outcome(pressing.pressed, asked)
    answer = Answer(
        outcome=pressing.outcome,
        user=user,
        door=DOOR,
        digest=pressing.pressed.press.digest,
        idempotency_key=f"slack:{pressing.digest}",
    )

    def keep(_applied: Applied) -> None:
        pressing.row(Result.ANSWERED).save(force_insert=True)

    try:
        with beside_all(keep):
            receipt = Handler(asked.run_id).respond(asked.request_id, answer)
    except words.REFUSALS as error:
        _bring_up_to_date(card)
        raise RefusedPressError(_explain(error, user, asked)) from error
    if receipt.duplicate:
        _bring_up_to_date(card)
        pressing.row(Result.REPEATED).save(force_insert=True)


def _find_channel(
    senders: Sequence[SlackWorkspace], pressed: Pressed
) -> SlackChannel | None:
    found = SlackChannel.objects.select_related("workspace").filter(
        workspace__in=senders, conversation=pressed.conversation
    )
    return found.first()


def _find_card(pressing: Pressing) -> SlackCard:
    """The message must be one of ours that shows this request, in this channel."""
    pressed, channel = pressing.pressed, pressing.channel
    if channel is not None:
        cards.adopt(pressed.press.request, channel, pressed.ts)
    card = SlackCard.objects.filter(
        channel=channel, request=pressed.press.request, ts=pressed.ts
    ).first()
    if channel is None or card is None:
        raise RefusedPressError(words.NOT_OURS)
    return card


def _find_user(pressing: Pressing) -> User:
    member = pressing.pressed.member
    try:
        user = find_user(pressing.workspace, member)
    except NotToldError:
        raise RefusedPressError(words.NOT_NOW) from None
    if user is None:
        raise RefusedPressError(words.not_known(member.user, member.team))
    return user


def _find_asked(user: User, card: SlackCard) -> InputRequest:
    """Who may not see a request hears nothing of it but that."""
    try:
        return access.get_request(user, card.request_id)
    except InputRequest.DoesNotExist:
        raise RefusedPressError(words.NOT_FOR_YOU) from None


def _find_outcome(pressed: Pressed, asked: InputRequest) -> str:
    """The key at the place that the button names, if a button may decide it."""
    content, press = asked.content, pressed.press
    if press.digest != asked.digest or press.place >= len(content["outcomes"]):
        raise RefusedPressError(_linked(words.CHANGED, asked))
    outcome = pressable(content, asked.policy_rules).get(press.place)
    if outcome is None:
        raise RefusedPressError(_linked(words.MORE_NEEDED, asked))
    return str(outcome["key"])


def _explain(error: EngineError, user: User, asked: InputRequest) -> str:
    standing = error.outcome if isinstance(error, AlreadyAnsweredError) else None
    label = label_of(asked.content, standing or "")
    text = words.explain(error, user.get_username(), label)
    return _linked(text, asked)


def _linked(text: str, asked: InputRequest) -> str:
    return words.with_link(text, page_of_request(asked.pk))


def _bring_up_to_date(card: SlackCard) -> None:
    """Whoever pressed saw a message that is perhaps not true any more."""
    resend(cards.outbox_of([card.pk]))


def _refuse(pressing: Pressing, text: str) -> None:
    """Keep the press with what its person is told, and tell him, seen by him alone."""
    row = pressing.row(Result.REFUSED, text)
    rows = SlackPress.objects.bulk_create([row], ignore_conflicts=True)
    is_told = _tell(pressing, text)
    if not is_told:
        keys = [each.pk for each in rows]
        SlackPress.objects.filter(pk__in=keys).update(is_told=False)


def _tell(pressing: Pressing, text: str) -> bool:
    """Through the app's own token: no address of a payload is ever called."""
    pressed = pressing.pressed
    arguments = {
        "channel": pressed.conversation,
        "user": pressed.member.user,
        "text": text,
        "parse": "none",
        "link_names": "false",
    }
    token = pressing.workspace.bot_token
    try:
        async_to_sync(call)(token, "chat.postEphemeral", arguments, seconds=QUICK)
    except SlackError as error:
        log.warning("Could not tell member %s why: %s", pressed.member.user, error)
        return False
    return True
