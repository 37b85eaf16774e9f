"""Ticks: all that can happen to a run. `at` is the database's time, set by the runtime."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .policy import PROGRAM, Responder
from .state import EventRecord, Place, Request, Stop

Emitted = EventRecord | Request | Stop


@dataclass(frozen=True, slots=True)
class StateChange:
    """One write to `ctx.state`: set, delete, increment, append or mutate; `text` is JSON.

    `read` is the version under which the attempt had read the key (0: not there),
    None when it wrote without reading.
    """

    key: str
    kind: str
    text: str = "null"
    read: int | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What `collect_events` did to a buffer: the version it saw, and what is left in it.

    Another version by now means that the attempt has seen too little, and runs again.
    """

    key: str
    version: int
    left: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tick:
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Started(_Tick):
    """The run begins with this event; not before a moment, if one is given.

    A child run knows its place in the parent, and what is left of the parent's time.
    """

    event: EventRecord
    started_by: str | None = None
    not_before: float | None = None
    place: Place | None = None
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Asked(_Tick):
    """A run without steps begins with a question; the decision will be its result."""

    request: Request
    started_by: str | None = None


@dataclass(frozen=True, slots=True)
class CallClaimed(_Tick):
    """A worker wants to run a call's body now."""

    call: int
    worker: str


@dataclass(frozen=True, slots=True)
class StepCompleted(_Tick):
    """An attempt returned: what it emitted, in order, and what it wrote.

    `fanout` tells how many of the last ones came as a list; None: it returned no list.
    """

    call: int
    attempt: int
    emitted: tuple[Emitted, ...] = ()
    changes: tuple[StateChange, ...] = ()
    collected: tuple[Collected, ...] = ()
    session_keys: tuple[str, ...] = ()
    session_removed: tuple[str, ...] = ()
    fanout: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StepConflicted(_Tick):
    """An attempt had read state that changed before it could commit."""

    call: int
    attempt: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepFailed(_Tick):
    """An attempt raised.

    Whether it may be tried again is judged where the code is; `delay` is the seconds
    that the exception asked for, `chance` a random number from 0 to 1 for the jitter.
    """

    call: int
    attempt: int
    error_type: str
    message: str
    traceback: str = ""
    seconds: float = 0.0
    retryable: bool = False
    delay: float | None = None
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class StepTimedOut(_Tick):
    """An attempt ran longer than its step's limit."""

    call: int
    attempt: int
    limit: float
    elapsed: float
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class StepParked(_Tick):
    """An attempt asks a person and gives up its worker until the answer is there."""

    call: int
    attempt: int
    key: str
    request: Request


@dataclass(frozen=True, slots=True)
class StepRemembered(_Tick):
    """What `once` did in this attempt, for the attempts after it; `text` is JSON."""

    call: int
    attempt: int
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class StepWaited(_Tick):
    """An attempt begins to wait for a person in its own way; without a reason it ends."""

    call: int
    attempt: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CallLost(_Tick):
    """The worker of an attempt is gone; `counts` when the attempt may be the reason."""

    call: int
    attempt: int
    counts: bool = True


@dataclass(frozen=True, slots=True)
class CallDue(_Tick):
    """The time of a call may have come: its back-off is over, or its start."""

    call: int


@dataclass(frozen=True, slots=True)
class StreamWritten(_Tick):
    """An attempt tells its watchers something while it runs."""

    call: int
    attempt: int
    events: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True)
class VoteCast(_Tick):
    """Somebody answers an input request; `answer` is plain data.

    `hold_for` keeps it so many seconds for a request that is not there yet; `undo` is
    how long the person wants to be able to take it back.
    """

    request_id: str
    answer: Any
    outcome: str | None = None
    reason: str = ""
    responder: Responder = field(default=PROGRAM)
    door: str = "python"
    digest: str | None = None
    idempotency_key: str | None = None
    hold_for: float | None = None
    undo: float | None = None


@dataclass(frozen=True, slots=True)
class VoteWithdrawn(_Tick):
    """Somebody takes his own vote, or the decision that it made, back."""

    request_id: str
    responder: Responder
    door: str = "python"


@dataclass(frozen=True, slots=True)
class Delegated(_Tick):
    """Somebody who may answer hands the request to another person."""

    request_id: str
    responder: Responder
    to: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EventSent(_Tick):
    """Somebody outside sends an event into the run: its type, its fields as plain data."""

    event_type: str
    fields: Mapping[str, Any]
    sender: Responder = field(default=PROGRAM)
    door: str = "python"


@dataclass(frozen=True, slots=True)
class RequestDue(_Tick):
    """A moment of a request may have come: its end, an escalation, a decision's effect."""

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


@dataclass(frozen=True, slots=True)
class ChildTold(_Tick):
    """A child run asked or heard something, or began or ceased to wait for people.

    `kind` and `text` are the line of its log that its parent shows too; `is_working` is
    for the parent's clock.
    """

    place: Place
    status: str
    kind: str = ""
    text: str = "{}"
    is_working: bool = False


@dataclass(frozen=True, slots=True)
class ChildFinished(_Tick):
    """A child run is over: its result (exact JSON text), or its error."""

    place: Place
    status: str
    result: str | None = None
    error: Mapping[str, Any] | None = None


News = Started | ChildTold | ChildFinished | Paused | Resumed | Aborted
"""What one run tells another, through its inbox."""

Act = VoteCast | VoteWithdrawn | Delegated | EventSent | Paused | Resumed | Aborted
"""What somebody wants: it is done, or refused with a reason."""

OfCall = (
    CallClaimed
    | StepCompleted
    | StepConflicted
    | StepFailed
    | StepTimedOut
    | StepParked
    | StepRemembered
    | StepWaited
    | CallLost
    | CallDue
    | StreamWritten
)
"""What becomes of a call and its attempts."""

Happening = (
    Started | Asked | OfCall | RequestDue | RunTimedOut | ChildTold | ChildFinished
)
"""What happened: it is taken in, or it is old news."""

Tick = Act | Happening
