"""The rows of messages in Slack: whose turn it is to bring one up to date, and its name."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import uniform
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
)
from django.db.models.functions import Coalesce, Now

from workflows_app.engine import values
from workflows_app.models import (
    Channel,
    Message,
    SlackCard,
    SlackChannel,
    SlackWorkspace,
)

from .card import draw
from .facts import read_facts

TURN = timedelta(seconds=60)
"""So long nobody else touches a message that somebody brings up to date."""

UNSURE = timedelta(seconds=60)
"""So long Slack may be busy with a post that it has not replied to; then it is looked for."""


SOON = 5.0
SPREAD = 3.0
"""Seconds until somebody looks again, and over which those spread who wait for a pause."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that this process alone may change now, and what it should show.

    `number` is the token. `tried_at`: it was posted then, or not; nobody knows.
    """

    card: int
    number: int
    ts: str
    tried_at: datetime | None
    is_shown: bool
    is_open: bool
    status: str
    drawn: dict[str, Any]
    digest: str
    request: str
    conversation: str
    token: str


class BusyCardError(Exception):
    """Not now, but perhaps in so many seconds; the text says why."""

    def __init__(self, why: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(why)


class NoChannelError(Exception):
    """The channel is switched off."""


def take_turn(message: Message) -> Turn:
    """Begin to bring a message up to date. Raises BusyCardError or NoChannelError."""
    with transaction.atomic():
        channel = _find_channel(message)
        card = _take(channel, message)
        assert message.request is not None, "the outbox has requests for Slack alone"
        facts = read_facts(message.request)
        drawn = draw(facts)
        digest = sha256(values.dump(drawn).encode()).hexdigest()
        return Turn(
            card=card.pk,
            number=card.turn,
            ts=card.ts,
            tried_at=card.tried_at,
            is_shown=bool(card.ts) and card.shown_digest == digest,
            is_open=facts.is_open,
            status=facts.status,
            drawn=drawn,
            digest=digest,
            request=str(facts.request),
            conversation=channel.conversation,
            token=channel.workspace.bot_token,
        )


def _find_channel(message: Message) -> SlackChannel:
    channels = SlackChannel.objects.select_related("workspace")
    channel = channels.filter(
        receiver_ptr=message.receiver, is_active=True, workspace__is_active=True
    ).first()
    if channel is None:
        raise NoChannelError(NoChannelError.__doc__)
    return channel


def _take(channel: SlackChannel, message: Message) -> SlackCard:
    """The row is locked until the turn is written: what is read after it is as new."""
    _check_pause(channel)
    about = {"channel": channel, "request_id": message.request_id}
    SlackCard.objects.bulk_create([SlackCard(**about)], ignore_conflicts=True)
    is_free = Q(busy_until=None) | Q(busy_until__lte=Now())
    is_sure = Q(tried_at=None) | Q(tried_at__lte=Now() - UNSURE)
    mine = SlackCard.objects.filter(is_free & is_sure, **about)
    if not mine.update(turn=F("turn") + 1, busy_until=Now() + TURN):
        raise BusyCardError("Somebody, or Slack itself, may still be at it.", SOON)
    return SlackCard.objects.get(**about)


def _check_pause(channel: SlackChannel) -> None:
    paused = SlackWorkspace.objects.filter(
        pk=channel.workspace_id, paused_until__gt=Now()
    )
    left = ExpressionWrapper(F("paused_until") - Now(), DurationField())
    for pause in paused.values_list(left, flat=True):
        seconds = pause.total_seconds() + uniform(0, SPREAD)  # noqa: S311 - jitter
        raise BusyCardError("Slack wants fewer calls.", seconds)


def begin_to_post(turn: Turn) -> None:
    """From now on it may be there."""
    _mine(turn).update(tried_at=Now())


def was_not_posted(turn: Turn) -> None:
    """Slack said so: nothing is in doubt."""
    _mine(turn).update(tried_at=None)


def is_there(turn: Turn, ts: str) -> None:
    """It has a name: from now on it is only changed."""
    _mine(turn).update(ts=ts, tried_at=None, posted_at=Coalesce("posted_at", Now()))


def shows(turn: Turn) -> None:
    _mine(turn).update(shown=turn.status, shown_digest=turn.digest)


def end_turn(turn: Turn) -> None:
    _mine(turn).update(busy_until=None)


def pause(turn: Turn, seconds: float) -> None:
    """Slack wants fewer calls: nobody makes any in its workspace for so long."""
    SlackWorkspace.objects.filter(channels__cards=turn.card).update(
        paused_until=Now() + timedelta(seconds=seconds)
    )


def outbox_of(card_ids: Collection[int]) -> list[UUID]:
    """The rows of the outbox that bring these up to date."""
    shown = SlackCard.objects.filter(
        pk__in=card_ids,
        channel=OuterRef("receiver"),
        request=OuterRef("request"),
    )
    found = Message.objects.filter(Exists(shown), channel=Channel.SLACK)
    return list(found.values_list("pk", flat=True))


def forget(card_ids: Collection[int]) -> None:
    """Let these be posted anew, as if they had never been."""
    SlackCard.objects.filter(pk__in=card_ids).update(
        ts="", shown="", shown_digest="", tried_at=None, posted_at=None
    )


def adopt(request: UUID, channel: SlackChannel, ts: str) -> None:
    """Somebody pressed a button of a message whose name had not been written down."""
    SlackCard.objects.filter(request=request, channel=channel, ts="").update(
        ts=ts, tried_at=None, posted_at=Now()
    )


def _mine(turn: Turn) -> Any:
    return SlackCard.objects.filter(pk=turn.card, turn=turn.number)
