"""Commands: what the runtime must do, in one transaction with the state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import EngineError
from .policy import Responder
from .state import Call, Request
from .ticks import StateChange


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused a line of the log."""

    kind: str = "engine"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Publish:
    """Append a line to the run's log. `text`, when given, is the body's exact JSON."""

    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    step: str = ""
    call: int | None = None
    attempt: int | None = None
    actor: Actor = field(default_factory=Actor)
    door: str = ""


@dataclass(frozen=True, slots=True)
class RunStep:
    """A call is ready: let some worker take it."""

    call: Call


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """The claim was granted: run the body of this attempt.

    `limit` is the step's, `run_limit` what is left of the run's time, in seconds.
    """

    call: Call
    worker: str
    limit: float | None
    run_limit: float | None


@dataclass(frozen=True, slots=True)
class EndCall:
    """No worker has this call now, and none shall look for it."""

    call: int


@dataclass(frozen=True, slots=True)
class ChangeState:
    """Write these keys of the run's state."""

    changes: tuple[StateChange, ...]


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Put a question before people."""

    request: Request


@dataclass(frozen=True, slots=True)
class RecordResponse:
    """Keep who answered, through which door, and with what."""

    request_id: str
    responder: Responder
    door: str
    outcome: str
    answer: str
    reason: str
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """The question is over."""

    request_id: str
    status: Literal["answered", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class SaveSnapshot:
    """Keep an immutable copy of the run as it is now."""

    cause: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The run is over: its result (exact JSON text), or its error."""

    status: str
    result: str | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """What somebody wanted is not possible; the runtime raises this after the commit."""

    error: EngineError


Command = (
    Publish
    | RunStep
    | StartAttempt
    | EndCall
    | ChangeState
    | OpenRequest
    | RecordResponse
    | CloseRequest
    | SaveSnapshot
    | Finish
    | Refuse
)
