"""The state of a run: everything the reducer needs, as JSON text in one row.

Times are seconds since 1970 by the database's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from . import values

Status = Literal["running", "waiting", "completed", "failed", "aborted", "timed_out"]
FINISHED = frozenset({"completed", "failed", "aborted", "timed_out"})

Phase = Literal["held", "ready", "running", "later", "parked", "away"]
"""Where a call is: it waits for room, for a worker, runs, waits for its time, for an
answer, or for the runs that do its work."""


@dataclass(frozen=True, slots=True)
class Member:
    """One place of a fan-out: which call made it, and which of how many this is."""

    fanout: int
    index: int
    size: int


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event on its way: its type, the types it also counts as, its exact text.

    `seq` numbers the events of a run; `members` are the fan-outs that it descends from,
    the innermost last; `recoveries` counts the failures that its line has survived.
    """

    type: str
    bases: tuple[str, ...]
    body: str
    seq: int = 0
    source: str = ""
    at: float = 0.0
    members: tuple[Member, ...] = ()
    recoveries: int = 0

    @property
    def types(self) -> tuple[str, ...]:
        return (self.type, *self.bases)


@dataclass(frozen=True, slots=True)
class Stop:
    """A StopEvent on its way: the exact text of its result."""

    result: str


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's answer, as exact text, and how it came."""

    kind: str
    name: str
    door: str
    outcome: str
    answer: str
    reason: str = ""
    key: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by the vote that made it; it counts from `effective_at`."""

    vote: Vote
    effective_at: float


Purpose = Literal["event", "call", "loss"]
"""What an answer is for: a new event, a parked call, or a call whose worker was lost."""


@dataclass(frozen=True, slots=True)
class Request:
    """An open input request, as it was asked.

    `shown` is the exact JSON text of what people see and `digest` its SHA-256:
    an answer counts only for what was shown. It has subject, prompt, metadata, display,
    schema, proposed and outcomes.
    """

    request_id: str
    shown: str
    digest: str
    policy: Mapping[str, Any]
    step: str = ""
    opened_at: float = 0.0
    expires_in: float | None = None
    on_expire: EventRecord | None = None
    priority: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    previous: str | None = None
    respond_as: tuple[str, tuple[str, ...]] | None = None
    purpose: Purpose = "event"
    call: int = 0
    escalated: int = 0
    votes: tuple[Vote, ...] = ()
    decision: Decision | None = None
    members: tuple[Member, ...] = ()
    recoveries: int = 0

    @property
    def expires_at(self) -> float | None:
        return None if self.expires_in is None else self.opened_at + self.expires_in

    @property
    def due_at(self) -> float | None:
        """The next moment at which something happens to it without anybody's doing."""
        if self.decision is not None:
            return self.decision.effective_at
        rungs = self.policy.get("escalate", ())[self.escalated : self.escalated + 1]
        moments = [self.opened_at + rung["after"] for rung in rungs]
        if self.expires_at is not None:
            moments.append(self.expires_at)
        return min(moments, default=None)

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = values.load(self.shown)
        return content


@dataclass(frozen=True, slots=True)
class Child:
    """A run that does a part of a call's work: what the parent knows of it.

    Whether it works just now is told only where the parent's time is limited.
    """

    status: str = "running"
    result: str | None = None
    error: Mapping[str, Any] | None = None
    is_working: bool = False

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED


@dataclass(frozen=True, slots=True)
class Call:
    """One event delivered to one step. `(number, attempt)` is the fencing token.

    `joined` holds the results that a joining step gets instead of one event;
    `remembered` what `once` and `request_input` gave earlier attempts, by key;
    `children` the runs of a sub-workflow step, by branch, of the present attempt.
    """

    number: int
    step: str
    event: EventRecord
    phase: Phase = "held"
    attempt: int = 0
    losses: int = 0
    failures: int = 0
    conflicts: int = 0
    not_before: float | None = None
    waiting: str | None = None
    joined: tuple[EventRecord, ...] | None = None
    remembered: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Child, ...] = ()

    @property
    def running(self) -> bool:
        return self.phase == "running"

    @property
    def is_working(self) -> bool:
        """A body runs that does not wait for a person, here or in a run below."""
        if self.phase == "away":
            return any(child.is_working for child in self.children)
        return self.phase == "running" and self.waiting is None

    @property
    def is_waiting(self) -> bool:
        """Whether only a person can make it go on."""
        if self.phase == "away":
            return all(c.is_finished or c.status == "waiting" for c in self.children)
        return self.phase == "parked" or self.waiting is not None


@dataclass(frozen=True, slots=True)
class Fanout:
    """A list that a step returned, until all that descends from it has ended.

    `results` are the events for the joining steps so far: step, place, event.
    """

    size: int
    joins: tuple[str, ...]
    results: tuple[tuple[str, int, EventRecord], ...] = ()
    members: tuple[Member, ...] = ()
    recoveries: int = 0


@dataclass(frozen=True, slots=True)
class Buffer:
    """What `collect_events` has been offered so far, and how often it changed."""

    version: int = 0
    events: tuple[EventRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer that came before its question, kept until a moment."""

    vote: Vote
    groups: tuple[str, ...]
    until: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a child run hangs in its parent: the call, its attempt, the branch."""

    call: int
    attempt: int
    branch: int


@dataclass(slots=True)
class State:
    """What a run is doing: its calls, its open requests, its clocks."""

    status: Status = "running"
    paused: bool = False
    started_by: str | None = None
    started_at: float = 0.0
    calls: dict[int, Call] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    fanouts: dict[int, Fanout] = field(default_factory=dict)
    buffers: dict[str, Buffer] = field(default_factory=dict)
    held_answers: dict[str, HeldAnswer] = field(default_factory=dict)
    session_keys: tuple[str, ...] = ()
    session_epoch: int = 0
    session_is_live: bool = False
    place: Place | None = None
    budget: float | None = None
    last_call: int = 0
    last_event: int = 0
    last_step: str = ""
    completed_steps: int = 0
    active_seconds: float = 0.0
    active_since: float | None = None

    def copy(self) -> "State":
        return replace(
            self,
            calls=dict(self.calls),
            requests=dict(self.requests),
            fanouts=dict(self.fanouts),
            buffers=dict(self.buffers),
            held_answers=dict(self.held_answers),
        )

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def running(self) -> list[Call]:
        return [call for call in self.calls.values() if call.running]

    @property
    def is_quiet(self) -> bool:
        """Whether no body is running that an operator's pause would wait for."""
        return not any(call.running for call in self.calls.values())

    @property
    def has_session(self) -> bool:
        """Whether steps have objects in memory that a pause would drop."""
        return self.session_is_live and bool(self.session_keys)

    def active_at(self, now: float) -> float:
        """Seconds during which at least one attempt was running, until now."""
        since = self.active_since
        return self.active_seconds + (max(0.0, now - since) if since else 0.0)
