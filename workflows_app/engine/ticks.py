"""Ticks: all that can happen to a run. `at` is the database's time, set by the runtime."""

from dataclasses import dataclass, field
from typing import Any

from .policy import PROGRAM, Responder
from .state import EventRecord, Request, Stop

Emitted = EventRecord | Request | Stop


@dataclass(frozen=True, slots=True)
class StateChange:
    """One write to `ctx.state`: set, delete, increment or append; `text` is JSON.

    `read` is the version under which the attempt had read the key (0: not there),
    None when it wrote without reading.
    """

    key: str
    kind: str
    text: str = "null"
    read: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tick:
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Started(_Tick):
    """The run begins with this event."""

    event: EventRecord
    started_by: str | None = None


@dataclass(frozen=True, slots=True)
class CallClaimed(_Tick):
    """A worker wants to run a call's body now."""

    call: int
    worker: str


@dataclass(frozen=True, slots=True)
class StepCompleted(_Tick):
    """An attempt returned: what it emitted, in order, and what it wrote."""

    call: int
    attempt: int
    emitted: tuple[Emitted, ...] = ()
    changes: tuple[StateChange, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StepConflicted(_Tick):
    """An attempt had read state that changed before it could commit."""

    call: int
    attempt: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepFailed(_Tick):
    """An attempt raised."""

    call: int
    attempt: int
    error_type: str
    message: str
    traceback: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StepTimedOut(_Tick):
    """An attempt ran longer than its step's limit."""

    call: int
    attempt: int
    limit: float
    elapsed: float


@dataclass(frozen=True, slots=True)
class CallLost(_Tick):
    """The worker of an attempt is gone; `counts` when the attempt may be the reason."""

    call: int
    attempt: int
    counts: bool = True


@dataclass(frozen=True, slots=True)
class StreamWritten(_Tick):
    """An attempt tells its watchers something while it runs."""

    call: int
    attempt: int
    events: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True)
class VoteCast(_Tick):
    """Somebody answers an input request; `answer` is plain data."""

    request_id: str
    answer: Any
    outcome: str | None = None
    reason: str = ""
    responder: Responder = field(default=PROGRAM)
    door: str = "python"
    digest: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class RequestDue(_Tick):
    """An input request may have run out of time."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Paused(_Tick):
    """An operator stops the run: nothing new is started."""

    actor: str = "program"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resumed(_Tick):
    """An operator lets the run go on."""

    actor: str = "program"


@dataclass(frozen=True, slots=True)
class Aborted(_Tick):
    """An operator ends the run."""

    actor: str = "program"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunTimedOut(_Tick):
    """A run may have used up its active time, or passed its deadline."""


Tick = (
    Started
    | CallClaimed
    | StepCompleted
    | StepConflicted
    | StepFailed
    | StepTimedOut
    | CallLost
    | StreamWritten
    | VoteCast
    | RequestDue
    | Paused
    | Resumed
    | Aborted
    | RunTimedOut
)
