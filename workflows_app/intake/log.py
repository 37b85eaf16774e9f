"""The log of deliveries: each is kept once, with what came of it."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from workflows_app.models import Delivery

from .message import Message

log = logging.getLogger(__name__)

SAME_BODY = timedelta(hours=24)
"""So long the same body is a repeat, where nobody signs the id, or there is none."""

Result = Delivery.Result


class RepeatedError(Exception):
    """The message was taken in before, perhaps just now by another process."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        super().__init__(f"Delivery {delivery.delivery_id} is there.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a message, and what its sender is told."""

    result: Delivery.Result
    status: int = 202
    detail: str = ""
    reply: Mapping[str, Any] = field(default_factory=dict)
    run_id: UUID | None = None
    request_id: UUID | None = None


def find(message: Message) -> Delivery | None:
    """The delivery that this message repeats.

    By its id; where that is not signed, or missing, else by its body.
    """
    is_it = Q(delivery_id=message.delivery_id)
    if not message.is_id_signed or message.delivery_id is None:
        since = Now() - SAME_BODY
        is_it |= Q(body_digest=message.body_digest, received_at__gt=since)
    found = Delivery.objects.filter(is_it, source=message.source).defer("body")
    by_id = Case(When(delivery_id=message.delivery_id, then=Value(0)), default=Value(1))
    return found.order_by(by_id, "-received_at").first()


def keep(message: Message, outcome: Outcome) -> Delivery:
    """Write what came of a message, within the transaction of the act.

    Raises RepeatedError when something has come of it before: then the act must be
    undone. What has come to nothing is written over.
    """
    assert connection.in_atomic_block, "the act and its record belong together"
    _lock(message)
    known = find(message)
    if known is None:
        return _insert(message, outcome)
    if known.is_done:
        raise RepeatedError(known)
    return _update(known, message, outcome)


def count_repeat(known: Delivery, message: Message) -> None:
    """Once more the same; or, under a known id, another body, which changes nothing."""
    is_conflict = known.body_digest != message.body_digest
    if is_conflict:
        log.warning(
            "Ignored another body under delivery %s of source %s, run %s",
            known.delivery_id,
            message.source.name,
            known.run_id,
        )
    Delivery.objects.filter(pk=known.pk).update(
        times_received=F("times_received") + 1,
        conflicts=F("conflicts") + int(is_conflict),
    )


def _insert(message: Message, outcome: Outcome) -> Delivery:
    return Delivery.objects.create(
        source=message.source,
        delivery_id=message.name,
        body=message.body,
        **_written(message, outcome),
    )


def _update(known: Delivery, message: Message, outcome: Outcome) -> Delivery:
    fields = _written(message, outcome)
    if not message.is_replay:
        fields["body"] = message.body
        fields["times_received"] = F("times_received") + 1
        is_conflict = known.body_digest != message.body_digest
        fields["conflicts"] = F("conflicts") + int(is_conflict)
    Delivery.objects.filter(pk=known.pk).update(**fields)
    known.refresh_from_db(fields=["result", "status", "detail", "reply", "run"])
    return known


def _written(message: Message, outcome: Outcome) -> dict[str, Any]:
    return {
        "event": message.event,
        "headers": dict(message.headers),
        "body_digest": message.body_digest,
        "result": outcome.result,
        "status": outcome.status,
        "detail": outcome.detail.replace("\0", "␀"),
        "reply": dict(outcome.reply),
        "run_id": outcome.run_id,
        "request_id": outcome.request_id,
    }


LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) key"


def _lock(message: Message) -> None:
    """Until the commit nobody else takes in the same; in one order, so none waits in a circle."""
    keys = sorted(_lock_key(name) for name in _lock_names(message))
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [keys])


def _lock_names(message: Message) -> Iterable[str]:
    source = message.source.pk
    if message.delivery_id is not None:
        yield f"{source} id {message.delivery_id}"
    if not message.is_id_signed or message.delivery_id is None:
        yield f"{source} body {message.body_digest}"


def _lock_key(name: str) -> int:
    return int.from_bytes(sha256(f"delivery {name}".encode()).digest()[:8], signed=True)
