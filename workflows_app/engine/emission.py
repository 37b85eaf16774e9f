"""From what a step returned to what the reducer takes: records of exact text."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from . import values
from .errors import ValidationError
from .events import Block, Event, InputRequestEvent, StartEvent, StopEvent
from .policy import SUBMIT, Outcome, ReviewPolicy
from .schema import check_schema
from .state import EventRecord, Request, Stop
from .ticks import Emitted

NAME_LENGTH = 200
"""Characters in a request id at most: it is a name, and part of addresses."""


def as_emitted(returned: Any, step: str) -> list[Emitted]:
    """What a step returned or sent, as the reducer takes it.

    Raises TypeError naming the step and the type of what is no event (R6).
    """
    if returned is None:
        return []
    if isinstance(returned, list | tuple):
        return [_emit(item, step) for item in returned]
    return [_emit(returned, step)]


def _emit(item: Any, step: str) -> Emitted:
    if isinstance(item, StopEvent):
        return Stop(values.dump(item.result))
    if isinstance(item, InputRequestEvent):
        return as_request(item)
    if isinstance(item, Event):
        return as_record(item)
    what = f"the class {item.__name__}" if isinstance(item, type) else repr(type(item))
    raise TypeError(
        f"Step {step!r} must return an event, a list of events or None, not {what}."
    )


def as_record(event: Event) -> EventRecord:
    body = values.dump(event.to_dict())
    return EventRecord(event.type_name, event.lineage(), body)


def as_request(event: InputRequestEvent) -> Request:
    """The request as it will stand before people, with the digest of what they see.

    Raises SerializationError, ValueError or ValidationError for what cannot be shown.
    """
    request_id = event.request_id or str(uuid.uuid4())
    check_name(request_id, "request id")
    if event.answer_schema is not None:
        check_schema(event.answer_schema)
    outcomes = tuple(o.dump() for o in _outcomes(event))
    for outcome in outcomes:
        check_name(outcome["key"], "key of an outcome")
    policy: ReviewPolicy = event.policy
    shown = values.dump(_shown(event, outcomes))
    return Request(
        request_id=request_id,
        shown=shown,
        digest=hashlib.sha256(shown.encode()).hexdigest(),
        policy=policy.dump(),
        expires_in=event.expires_in,
        on_expire=as_record(event.on_expire) if event.on_expire else None,
        priority=event.priority,
        tags=event.tags,
        previous=event.previous,
        respond_as=_respond_as(event),
    )


def check_name(text: str, what: str) -> None:
    """Raises ValidationError for what could not be a name in a table."""
    if not text.isprintable() or not 0 < len(text) <= NAME_LENGTH:
        raise ValidationError(
            f"A {what} is printable text of at most {NAME_LENGTH} characters, "
            f"not {text[:40]!r}."
        )


def _outcomes(event: InputRequestEvent) -> list[Outcome]:
    return list(event.outcomes) or [SUBMIT]


def _shown(
    event: InputRequestEvent, outcomes: tuple[Mapping[str, Any], ...]
) -> dict[str, Any]:
    return {
        "subject": event.subject or event.prompt.partition("\n")[0][:200],
        "prompt": event.prompt,
        "metadata": event.metadata,
        "display": [b.dump() if isinstance(b, Block) else b for b in event.display],
        "schema": event.answer_schema,
        "proposed": event.proposed,
        "outcomes": list(outcomes),
    }


def _respond_as(event: InputRequestEvent) -> tuple[str, tuple[str, ...]] | None:
    kind: type[Event] | None = event.respond_as
    return None if kind is None else (kind.event_type, kind.lineage())


def as_start(event: StartEvent) -> EventRecord:
    """The event that begins a run."""
    return as_record(event)
