"""Commands: what the runtime must do, in one transaction with the state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .definition import Branch
from .errors import EngineError
from .state import Buffer, Call, EventRecord, Place, Request, Vote
from .ticks import News, StateChange


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

    `limit` is the step's, `run_limit` what is left of the run's time, in seconds;
    `deadline` is when the run must end. `buffers` is what `collect_events` knows,
    `session_keys` and `session_epoch` what a session may hold.
    """

    call: Call
    worker: str
    limit: float | None
    run_limit: float | None
    deadline: float | None = None
    buffers: Mapping[str, Buffer] = field(default_factory=dict)
    session_keys: tuple[str, ...] = ()
    session_epoch: int = 0


@dataclass(frozen=True, slots=True)
class ChangeState:
    """Write these keys of the run's state."""

    changes: tuple[StateChange, ...]


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Put a question before people."""

    request: Request


@dataclass(frozen=True, slots=True)
class RecordVote:
    """Keep who answered, through which door, and with what; `decides` if it decided."""

    request_id: str
    vote: Vote
    decides: bool


@dataclass(frozen=True, slots=True)
class DropVote:
    """A vote was taken back: it no longer counts, and stays on record."""

    request_id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """An open request is decided or open again, or others may answer it now."""

    request: Request


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
class StartChild:
    """Make the run of a sub-workflow, and tell it to start."""

    place: Place
    branch: Branch
    event: EventRecord
    budget: float | None


@dataclass(frozen=True, slots=True)
class TellChild:
    """Give news to a child run."""

    place: Place
    news: News


@dataclass(frozen=True, slots=True)
class TellParent:
    """Give news to the run that this one works for."""

    news: News


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
    | ChangeState
    | OpenRequest
    | RecordVote
    | DropVote
    | MoveRequest
    | CloseRequest
    | SaveSnapshot
    | StartChild
    | TellChild
    | TellParent
    | Finish
    | Refuse
)
