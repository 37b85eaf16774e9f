"""Event types as authors name them: by class or by text, one or several."""

from collections.abc import Sequence
from typing import Any

from .event import Event
from .events import find_type
from .signature import Types

EventTypes = type[Event] | str | Sequence[type[Event] | str] | None


def find_types(given: EventTypes) -> Types:
    """The event classes among what was given; `problems` tells of the rest."""
    return tuple(find_type(kind) for kind in _listed(given) if _is_type(kind))


def find_strangers(verb: str, given: EventTypes) -> list[str]:
    """A problem for each that was given as an event and is none."""
    return [
        f"{verb} {kind!r}, which is no event."
        for kind in _listed(given)
        if not _is_type(kind)
    ]


def type_names(kinds: Types) -> tuple[str, ...]:
    return tuple(kind.event_type for kind in kinds)


def _listed(given: EventTypes) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list | tuple) else (given,)


def _is_type(given: Any) -> bool:
    is_class = isinstance(given, type) and issubclass(given, Event)
    return is_class or (isinstance(given, str) and bool(given))
