"""From what a step returned to what the reducer takes: records of exact text.

What an event descends from is not known here: the reducer adds it.
"""

import hashlib
import uuid
from typing import Any

from . import values
from .display import check_display
from .errors import ValidationError
from .events import Block, Event, InputRequestEvent, StartEvent, StopEvent
from .policy import SUBMIT, ReviewPolicy
from .schema import check_schema
from .state import EventRecord, Purpose, Request, Stop
from .ticks import Emitted

NAME_LENGTH = 200
"""Characters in a request id at most: it is a name, and part of addresses."""

PRIORITIES = range(-(2**31), 2**31)


def split(returned: Any, step: str) -> tuple[list[Emitted], int | None]:
    """What a step returned, and how many of it came as a list; None: it was no list."""
    emitted = as_emitted(returned, step)
    return emitted, len(emitted) if isinstance(returned, list | tuple) else None


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
    if not isinstance(item, Event):
        is_class = isinstance(item, type)
        what = f"the class {item.__name__}" if is_class else repr(type(item))
        raise TypeError(
            f"Step {step!r} must return an event, a list of events or None, not {what}."
        )
    event = _built_in(item)
    if isinstance(event, StopEvent):
        return Stop(values.dump(event.result))
    if isinstance(event, InputRequestEvent):
        return as_request(event)
    return as_record(event)


def _built_in(event: Event) -> Event:
    """The same event of the class that its type names: Event("StopEvent", result=1)."""
    if type(event) is Event:
        for kind in (StopEvent, InputRequestEvent):
            if event.event_type == kind.event_type:
                return kind(**event.to_dict())
    return event


def as_record(event: Event) -> EventRecord:
    """An event as text; under a type of its own it counts as its class, too."""
    kind, bases = type(event), type(event).lineage()
    if event.event_type != kind.event_type:
        bases = (kind.event_type, *bases)
    return EventRecord(event.event_type, bases, values.dump(event.to_dict()))


def as_start(event: StartEvent) -> EventRecord:
    """The event that begins a run."""
    return as_record(event)


def as_request(event: InputRequestEvent, purpose: Purpose = "event") -> Request:
    """The request as it will stand before people, with the digest of what they see.

    Raises SerializationError, ValueError or ValidationError for what cannot be shown.
    """
    request_id = event.request_id or str(uuid.uuid4())
    check_name(request_id, "request id")
    if event.answer_schema is not None:
        check_schema(event.answer_schema)
    outcomes = [o.dump() for o in event.outcomes or [SUBMIT]]
    policy: ReviewPolicy = event.policy
    _check_outcomes([o["key"] for o in outcomes], policy.on_due)
    _check_filing(event)
    content = _shown(event, outcomes)
    check_display(content["display"])
    shown = values.dump(content)
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
        purpose=purpose,
    )


def check_name(text: str, what: str) -> None:
    """Raises ValidationError for what could not be a name in a table."""
    if not text.isprintable() or not 0 < len(text) <= NAME_LENGTH:
        raise ValidationError(
            f"A {what} is printable text of at most {NAME_LENGTH} characters, "
            f"not {text[:40]!r}."
        )


def _check_outcomes(keys: list[str], on_due: Any) -> None:
    for key in keys:
        check_name(key, "key of an outcome")
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValidationError(f"Two outcomes have the key {twice[0]!r}.")
    if isinstance(on_due, str) and on_due not in keys:
        names = ", ".join(keys)
        raise ValidationError(f"on_due is {on_due!r}, not one of {names}.")


def _check_filing(event: InputRequestEvent) -> None:
    """What a request is found and sorted by must fit into the queue."""
    for text in filter(None, (*event.tags, *event.tags.values())):
        check_name(text, "tag")
    if event.previous:
        check_name(event.previous, "request id")
    check_priority(event.priority)


def check_priority(priority: int) -> None:
    """Raises ValidationError for a priority that could not be in a table."""
    if priority not in PRIORITIES:
        raise ValidationError(f"A priority is no larger than {PRIORITIES[-1]}.")


def _shown(event: InputRequestEvent, outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "subject": event.subject or event.prompt.partition("\n")[0][:200],
        "prompt": event.prompt,
        "metadata": {**_own_fields(event), **event.metadata},
        "display": [b.dump() if isinstance(b, Block) else b for b in event.display],
        "schema": event.answer_schema,
        "proposed": event.proposed,
        "outcomes": outcomes,
    }


def _own_fields(event: InputRequestEvent) -> dict[str, Any]:
    """The fields that a subclass adds: people see them as metadata."""
    known = InputRequestEvent.model_fields
    return {k: v for k, v in event.to_dict().items() if k not in known}


def _respond_as(event: InputRequestEvent) -> tuple[str, tuple[str, ...]] | None:
    kind: type[Event] | None = event.respond_as
    return None if kind is None else (kind.event_type, kind.lineage())
