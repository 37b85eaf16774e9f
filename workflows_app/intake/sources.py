"""What a source sent is taken in once: one delivery, one run, one transaction."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from workflows_app.engine.definition import Definition
from workflows_app.engine.strict_json import StrictJsonError, load_strict
from workflows_app.models import Delivery, Source
from workflows_app.runtime.definitions import find_current
from workflows_app.runtime.starting import Start, start, start_event

from .signatures import Headers, check_github

log = logging.getLogger(__name__)

SAME_BODY = timedelta(hours=24)
"""So long the same body under a new id is a repeat: GitHub does not sign the id."""


class WorkflowUnavailableError(Exception):
    """No worker has offered the workflow of this source yet."""


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery whose sender is proven, before it is stored."""

    source: Source
    delivery_id: str
    event: str
    body: bytes
    payload: dict[str, Any]

    @property
    def body_digest(self) -> str:
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told; for a repeat the same as the first time."""

    run_id: UUID
    delivery_id: str
    is_new: bool


def find_source(name: str) -> Source | None:
    return Source.objects.filter(name=name, is_active=True).first()


def receive(source: Source, headers: Headers, body: bytes) -> Receipt:
    """Start the source's workflow with this message, unless it has been taken in.

    Raises BadSignatureError, StrictJsonError, the engine's ValidationError, or
    WorkflowUnavailableError; then nothing is stored.
    """
    signed = check_github(headers, body, source.secrets)
    message = Message(
        source, signed.delivery_id, signed.event or "", body, _load_object(body)
    )
    with transaction.atomic():
        _lock(_lock_names(message))
        known = _find_delivery(message)
        return _start_run(message) if known is None else _count_repeat(known, message)


def _load_object(body: bytes) -> dict[str, Any]:
    payload = load_strict(body, max_bytes=settings.INTAKE_LIMIT)
    if not isinstance(payload, dict):
        raise StrictJsonError("The JSON is not an object.")
    return payload


def _lock_names(message: Message) -> list[str]:
    source = message.source.pk
    return [
        f"{source} id {message.delivery_id}",
        f"{source} body {message.body_digest}",
    ]


def _lock(names: Iterable[str]) -> None:
    """Until the commit nobody else takes in the same; in one order, so none waits in a circle."""
    with connection.cursor() as cursor:
        for key in sorted(_lock_key(name) for name in names):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _lock_key(name: str) -> int:
    return int.from_bytes(sha256(f"delivery {name}".encode()).digest()[:8], signed=True)


def _find_delivery(message: Message) -> Delivery | None:
    """The delivery that this one repeats: by its id, else by its body."""
    deliveries = Delivery.objects.filter(source=message.source).defer("body")
    same_id = deliveries.filter(delivery_id=message.delivery_id).first()
    if same_id is not None:
        return same_id
    since = Now() - SAME_BODY
    return deliveries.filter(
        body_digest=message.body_digest, received_at__gt=since
    ).first()


def _count_repeat(known: Delivery, message: Message) -> Receipt:
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
    return Receipt(known.run_id, known.delivery_id, is_new=False)


def _start_run(message: Message) -> Receipt:
    source = message.source
    definition = find_current(source.workflow)
    if definition is None:
        raise WorkflowUnavailableError
    run_id = start(definition, _as_start(definition, message))
    Delivery.objects.create(
        source=source,
        delivery_id=message.delivery_id,
        event=message.event,
        body=message.body,
        body_digest=message.body_digest,
        run_id=run_id,
    )
    return Receipt(run_id, message.delivery_id, is_new=True)


def _as_start(definition: Definition, message: Message) -> Start:
    source = message.source
    fields = {
        "source": source.name,
        "event": message.event,
        "delivery_id": message.delivery_id,
        "payload": message.payload,
    }
    groups: Sequence[str] = source.groups
    return Start(
        event=start_event(definition, fields),
        source_id=source.pk,
        groups=groups,
        tags={"source": source.name, "event": message.event},
    )
