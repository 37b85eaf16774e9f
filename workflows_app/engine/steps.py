"""Steps: functions that take an event and return what follows from it."""

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .errors import ValidationError
from .events import Event, check_seconds

Limit = float | int | timedelta | None


class _Unset:
    """Not given: the workflow's default holds."""


UNSET = _Unset()


@dataclass(frozen=True)
class Step:
    """A function with the event types that it accepts and may emit."""

    name: str
    body: Callable[..., Any]
    accepts: tuple[type[Event], ...]
    emits: tuple[type[Event], ...] | None
    timeout: float | _Unset | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calling a step calls its function, so that it can be tested alone."""
        return self.body(*args, **kwargs)

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.body)


def step(
    body: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    accepts: type[Event] | tuple[type[Event], ...] | None = None,
    emits: tuple[type[Event], ...] | None = None,
    timeout: Limit | _Unset = UNSET,
) -> Any:
    """Make a step of `def f(ctx, ev: SomeEvent) -> OtherEvent`, sync or async.

    The annotation of the event says what the step accepts (`A | B` for several),
    the return annotation what it may emit.
    """

    def make(body: Callable[..., Any]) -> Step:
        step_name = name or body.__name__
        accepted, emitted = _read_signature(body, step_name)
        return Step(
            name=step_name,
            body=body,
            accepts=_as_tuple(accepts) or accepted,
            emits=emits if emits is not None else emitted,
            timeout=check_limit(timeout, f"timeout of step {step_name!r}"),
        )

    return make if body is None else make(body)


def check_limit(limit: Limit | _Unset, what: str) -> Any:
    """A limit in seconds, above zero and no longer than ten years, or None for none.

    Raises ValueError naming the limit.
    """
    if limit is None or isinstance(limit, _Unset):
        return limit
    return check_seconds(limit, what)


def _as_tuple(given: Any) -> tuple[type[Event], ...]:
    if given is None:
        return ()
    return given if isinstance(given, tuple) else (given,)


def _read_signature(
    body: Callable[..., Any], name: str
) -> tuple[tuple[type[Event], ...], tuple[type[Event], ...] | None]:
    parameters = list(inspect.signature(body).parameters.values())
    if len(parameters) != 2:  # noqa: PLR2004 - context and event
        raise ValidationError(f"Step {name!r} must take two arguments: ctx and event.")
    try:
        hints = typing.get_type_hints(body)
    except NameError as error:
        raise ValidationError(f"Step {name!r}: {error}") from error
    accepted = _event_types(hints.get(parameters[1].name))
    returned = hints.get("return", Any)
    return accepted, None if returned in (Any, object) else _event_types(returned)


def _event_types(hint: Any) -> tuple[type[Event], ...]:
    """The event classes inside `A | B`, `list[A]`, `None`."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType, list, tuple):
        return tuple(c for arg in typing.get_args(hint) for c in _event_types(arg))
    if isinstance(hint, type) and issubclass(hint, Event):
        return (hint,)
    return ()
