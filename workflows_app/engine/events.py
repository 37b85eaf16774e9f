"""Events: what flows between the steps of a workflow."""

from typing import Any

from .display import Block
from .event import BLAZEN, Event, Origin, origin_of, type_called
from .input_request import (
    InputRequestEvent,
    InputResponseEvent,
    RequestOptions,
)

__all__ = [
    "BUILT_IN",
    "Block",
    "Event",
    "InputRequestEvent",
    "InputResponseEvent",
    "LifecycleEvent",
    "Origin",
    "ProgressEvent",
    "RequestOptions",
    "StartEvent",
    "StepFailedEvent",
    "StopEvent",
    "find_type",
    "origin_of",
]


class StartEvent(Event):
    """The input of a run; subclass it to type and document the input."""


class StopEvent(Event):
    """Ends the run; `result` is what the run was for."""

    result: Any = None


class StepFailedEvent(Event):
    """A step failed for good: what it was given, what it raised, how often and long."""

    step_name: str
    input_event: dict[str, Any] = {}
    error_type: str = ""
    message: str = ""
    attempts: int = 1
    elapsed_seconds: float = 0.0


class ProgressEvent(Event):
    """What a step tells its watchers while it works."""

    message: str = ""
    current: float | None = None
    total: float | None = None
    label: str = ""

    @property
    def percent(self) -> float | None:
        """How much is done; None without a total."""
        if self.current is None or not self.total:
            return None
        return 100 * self.current / self.total


class LifecycleEvent(Event):
    """A line of the run's log: what happened to the run, of which `kind`.

    Its type is `lifecycle`, so the type of the event that was routed, or that began
    the run, is `routed_type` (Blazen's `event_type`). `body` is all that the line says;
    `actor` who caused it, through which `door`.
    """

    event_type = "lifecycle"

    kind: str
    step_name: str = ""
    call_id: str | None = None
    attempt: int | None = None
    routed_type: str = ""
    duration_ms: float | None = None
    error: dict[str, Any] | None = None
    body: dict[str, Any] = {}
    actor: str = ""
    door: str = ""


BUILT_IN: tuple[type[Event], ...] = (
    Event,
    StartEvent,
    StopEvent,
    InputRequestEvent,
    InputResponseEvent,
    StepFailedEvent,
    ProgressEvent,
    LifecycleEvent,
)
_BY_TYPE = {kind.event_type: kind for kind in BUILT_IN}


def find_type(given: type[Event] | str) -> type[Event]:
    """An event class, from itself or from a type's name; Blazen's names are known too.

    Raises TypeError for anything else.
    """
    if isinstance(given, str) and given:
        name = given.removeprefix(BLAZEN)
        return _BY_TYPE.get(name) or type_called(name)
    if isinstance(given, type) and issubclass(given, Event):
        return given
    raise TypeError(f"{given!r} is no event class.")
