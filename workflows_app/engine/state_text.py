"""The state of a run as JSON text, and back: what one row and each snapshot hold."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from typing import Any

from .state import (
    Buffer,
    Call,
    Child,
    Decision,
    EventRecord,
    Fanout,
    HeldAnswer,
    Member,
    Place,
    Request,
    State,
    Vote,
)


def dump_state(state: State) -> str:
    return json.dumps(_written(state), default=_written, separators=(",", ":"))


def load_state(text: str) -> State:
    """Raises ValueError, TypeError, KeyError or AttributeError for another text."""
    data = json.loads(text)
    _replace(data, "calls", _numbered(load_call))
    _replace(data, "requests", _named(load_request))
    _replace(data, "fanouts", _numbered(_load_fanout))
    _replace(data, "buffers", _named(_load_buffer))
    _replace(data, "held_answers", _named(_load_held))
    _replace(data, "session_keys", tuple)
    _replace(data, "place", lambda place: Place(**place))
    return State(**data)


@lru_cache
def _defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    """The fields of a part of the state, each with what it is when nothing is written."""
    return tuple((f.name, _default(f)) for f in fields(kind))


def _default(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _written(part: Any) -> Any:
    """A part as JSON can have it, without what goes without saying."""
    if not is_dataclass(part):
        raise TypeError(f"{type(part).__name__} is no part of a state.")
    kind: Any = type(part)
    found = ((name, getattr(part, name), d) for name, d in _defaults(kind))
    return {name: value for name, value, default in found if value != default}


def _replace(data: dict[str, Any], key: str, load: Callable[[Any], Any]) -> None:
    if data.get(key) is not None:
        data[key] = load(data[key])


def _numbered(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda items: {int(key): load(item) for key, item in items.items()}


def _named(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda items: {key: load(item) for key, item in items.items()}


def load_record(data: Mapping[str, Any]) -> EventRecord:
    rest = dict(data)
    _replace(rest, "bases", tuple)
    _replace(rest, "members", _load_members)
    return EventRecord(**rest)


def _load_members(items: list[Any]) -> tuple[Member, ...]:
    return tuple(Member(**item) for item in items)


def _load_records(items: list[Any]) -> tuple[EventRecord, ...]:
    return tuple(load_record(item) for item in items)


def load_call(data: dict[str, Any]) -> Call:
    _replace(data, "event", load_record)
    _replace(data, "joined", _load_records)
    _replace(data, "children", lambda items: tuple(Child(**item) for item in items))
    return Call(**data)


def load_request(data: dict[str, Any]) -> Request:
    _replace(data, "on_expire", load_record)
    _replace(data, "respond_as", lambda pair: (pair[0], tuple(pair[1])))
    _replace(data, "votes", lambda items: tuple(Vote(**item) for item in items))
    _replace(data, "decision", _load_decision)
    _replace(data, "members", _load_members)
    return Request(**data)


def _load_decision(data: dict[str, Any]) -> Decision:
    return Decision(vote=Vote(**data["vote"]), effective_at=data["effective_at"])


def _load_fanout(data: dict[str, Any]) -> Fanout:
    _replace(data, "joins", tuple)
    _replace(data, "members", _load_members)
    _replace(
        data,
        "results",
        lambda items: tuple((s, i, load_record(record)) for s, i, record in items),
    )
    return Fanout(**data)


def _load_buffer(data: dict[str, Any]) -> Buffer:
    _replace(data, "events", _load_records)
    return Buffer(**data)


def _load_held(data: dict[str, Any]) -> HeldAnswer:
    return HeldAnswer(Vote(**data["vote"]), tuple(data["groups"]), data["until"])
