"""What the signature of a step says: which events it takes, and what it may return."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .event import Event

Types = tuple[type[Event], ...]

GENERATOR = "is a generator; it must return an event, a list of events or None."
TWO = "must take two arguments, ctx and ev."
MIXED = "accepts events and a list of events; make two steps of it."
MISSING = "does not say which event it accepts: annotate its second argument."


@dataclass(frozen=True, slots=True)
class Emits:
    """The types that a step may emit: alone (returned, or sent), and in a list."""

    alone: Types = ()
    listed: Types = ()

    @property
    def types(self) -> Types:
        return tuple(dict.fromkeys((*self.alone, *self.listed)))

    def narrowed(self, declared: Types) -> "Emits":
        """What it emits according to its author; what the annotation lists, in lists."""
        sent = tuple(kind for kind in declared if kind not in self.listed)
        return Emits(sent, tuple(kind for kind in self.listed if kind in declared))


@dataclass(frozen=True, slots=True)
class Signature:
    """What a step takes (single events, or whole fan-outs) and what it emits.

    `emits` is None when it does not say. `problems` say what is wrong with it, each
    to be read after the step's name.
    """

    accepts: Types = ()
    collects: Types = ()
    emits: Emits | None = None
    problems: tuple[str, ...] = ()


def local_types() -> dict[str, type]:
    """The classes that are local to the function in which a decorator is used.

    Called by the decorator; an annotation that is text cannot name them otherwise.
    """
    frame = inspect.currentframe()
    for _ in ("the decorator", "where it is used"):
        frame = frame.f_back if frame else None
    if frame is None or frame.f_locals is frame.f_globals:
        return {}
    return {n: found for n, found in frame.f_locals.items() if isinstance(found, type)}


def read_signature(
    body: Callable[..., Any], names: Mapping[str, Any], *, needs_event: bool
) -> Signature:
    """Read a step's annotations, with these names beside those of its module.

    Without `needs_event` the author has said elsewhere what the step takes.
    """
    function = inspect.unwrap(body)
    problems = _shape_problems(body)
    hints = getattr(function, "__annotations__", {})
    known = _Names(getattr(function, "__globals__", {}), names)
    taken, returned = _Hint(known), _Hint(known)
    if needs_event and not problems:
        taken.read(hints.get(_event_name(body), inspect.Parameter.empty))
        problems += _taken_problems(taken)
    returned.read(hints.get("return", Any))
    returned.is_open |= Event in (*returned.single, *returned.listed)
    returned.is_open |= bool(returned.odd)
    problems += [f"returns {odd}, which is no event." for odd in returned.odd]
    problems += [f"has a return annotation that fails: {e}" for e in returned.errors]
    return Signature(
        accepts=taken.single,
        collects=taken.listed,
        emits=None if returned.is_open else Emits(returned.single, returned.listed),
        problems=tuple(problems),
    )


def _shape_problems(body: Callable[..., Any]) -> list[str]:
    if inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body):
        return [GENERATOR]
    try:
        signature = inspect.signature(body)
        signature.bind(None, None)
    except (TypeError, ValueError):
        return [TWO]
    return [] if len(_positional(signature)) > 1 else [TWO]


def _positional(signature: inspect.Signature) -> list[str]:
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return [p.name for p in signature.parameters.values() if p.kind in kinds]


def _event_name(body: Callable[..., Any]) -> str:
    return _positional(inspect.signature(body))[1]


def _taken_problems(taken: "_Hint") -> list[str]:
    if taken.errors:
        return [f"has an annotation of its event that fails: {taken.errors[0]}"]
    if taken.odd:
        return [f"accepts {odd}, which is no event." for odd in taken.odd]
    if taken.single and taken.listed:
        return [MIXED]
    return [] if taken.single or taken.listed else [MISSING]


@dataclass(frozen=True, slots=True)
class _Names:
    module: dict[str, Any]
    local: Mapping[str, Any]


class _Hint:
    """The event classes in one annotation, alone and inside lists."""

    def __init__(self, names: _Names) -> None:
        self._names = names
        self.single: Types = ()
        self.listed: Types = ()
        self.is_open = False
        self.odd: list[str] = []
        self.errors: list[str] = []

    def read(self, hint: Any) -> None:
        """Take an annotation apart; Any and a missing one leave open what it is."""
        if hint is inspect.Parameter.empty:
            return
        try:
            hint = _resolve(hint, self._names)
        except Exception as error:  # noqa: BLE001 - an annotation is an author's code
            self.errors.append(str(error))
            self.is_open = True
            return
        self._take(hint, in_list=False)

    def _take(self, hint: Any, *, in_list: bool) -> None:
        origin = typing.get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            for part in typing.get_args(hint):
                self._take(part, in_list=in_list)
        elif origin in (list, tuple) and not in_list:
            for part in typing.get_args(hint):
                self._take(part, in_list=True)
        elif hint in (list, tuple):
            self.is_open = True
        elif hint not in (None, types.NoneType, Ellipsis):
            self._take_class(hint, in_list=in_list)

    def _take_class(self, hint: Any, *, in_list: bool) -> None:
        if hint in (Any, object):
            self.is_open = True
        elif not (isinstance(hint, type) and issubclass(hint, Event)):
            self.odd.append(getattr(hint, "__name__", repr(hint)))
        elif in_list:
            self.listed = (*self.listed, hint)
        else:
            self.single = (*self.single, hint)


def _resolve(hint: Any, names: _Names) -> Any:
    """The annotation itself, where it is text or has text inside."""
    holder = types.SimpleNamespace(__annotations__={"hint": hint})
    local = {**names.local}
    return typing.get_type_hints(holder, names.module, local)["hint"]
