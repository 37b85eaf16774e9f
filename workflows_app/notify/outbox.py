"""The outbox: messages leave the house at least once, each under one id, until they arrive."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from workflows_app.models import Message
from workflows_app.runtime import jobs

CLAIM = timedelta(seconds=60)
"""The time for which a message that is being sent is nobody else's."""

BACK_OFF = (5, 30, 120, 600, 3_600, 21_600, 86_400)
"""Seconds after each attempt that failed; after one more it has failed for good."""


MOST_RESENT = 500
"""Messages that one press, or one call, sends again."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process alone may send now; its `attempts` are the token.

    The message comes with its receiver or person. `at` is the database's time: whoever
    gets it compares it with his own.
    """

    message: Message
    at: int

    @property
    def attempt(self) -> int:
        return self.message.attempts


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an attempt, and in words why.

    What is superseded is of no use any more: nobody will be told. `after`: in so many
    seconds again, as the receiver wants it; that is no failure, however often.
    """

    status: Literal["delivered", "retry", "failed", "superseded"]
    reply: str
    after: float | None = None


def claim(message_id: UUID) -> Claimed | None:
    """Take a message that is due; None when it is not, or another was first."""
    with transaction.atomic():
        due = Message.objects.filter(
            pk=message_id, status=Message.Status.PENDING, due_at__lte=Now()
        )
        if not due.update(attempts=F("attempts") + 1, due_at=Now() + CLAIM):
            return None
        return _read_claimed(message_id)


def _read_claimed(message_id: UUID) -> Claimed:
    """Read while the row is still locked, so the attempt is ours."""
    messages = Message.objects.select_related("receiver", "person").annotate(now=Now())
    message = messages.get(pk=message_id)
    return Claimed(message, int(message.now.timestamp()))


def settle(claimed: Claimed, fate: Fate) -> bool:
    """Record the fate of an attempt; False when a later one has been made since."""
    pending, failed = Message.Status.PENDING, Message.Status.FAILED
    mine = Message.objects.filter(
        pk=claimed.message.pk, status=pending, attempts=claimed.attempt
    )
    reply = _printable(fate.reply)[:300]
    pause = _pause(claimed, fate)
    if pause is not None:
        return mine.update(due_at=Now() + pause, last_reply=reply) == 1
    arrived = Now() if fate.status == "delivered" else None
    status = failed if fate.status == "retry" else Message.Status(fate.status)
    changed = mine.update(
        status=status, delivered_at=arrived, due_at=None, last_reply=reply
    )
    return changed == 1


def _pause(claimed: Claimed, fate: Fate) -> timedelta | None:
    """The time to the next attempt; None when there will be none.

    It is not the same for all who wait for one server.
    """
    if fate.status != "retry":
        return None
    if fate.after is not None:
        return timedelta(seconds=fate.after)
    if claimed.attempt > len(BACK_OFF):
        return None
    return timedelta(seconds=BACK_OFF[claimed.attempt - 1] * uniform(0.8, 1.2))  # noqa: S311 - jitter


def resend(message_ids: Collection[UUID]) -> int:
    """Send these again now, under their own ids, whatever became of them before."""
    with transaction.atomic():
        chosen = Message.objects.filter(pk__in=message_ids)
        pending = chosen.filter(status=Message.Status.PENDING).update(due_at=Now())
        settled = chosen.exclude(status=Message.Status.PENDING).update(
            status=Message.Status.PENDING, attempts=0, due_at=Now(), delivered_at=None
        )
        jobs.defer_messages(list(message_ids))
    return pending + settled


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
