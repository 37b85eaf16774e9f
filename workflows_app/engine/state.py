"""The state of a run: everything the reducer needs, as JSON text in one row.

Times are seconds since 1970 by the database's clock.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from . import values

Status = Literal["running", "waiting", "completed", "failed", "aborted", "timed_out"]
FINISHED = frozenset({"completed", "failed", "aborted", "timed_out"})


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event on its way: its type, the types it also counts as, its exact text."""

    type: str
    bases: tuple[str, ...]
    body: str

    @property
    def types(self) -> tuple[str, ...]:
        return (self.type, *self.bases)


@dataclass(frozen=True, slots=True)
class Stop:
    """A StopEvent on its way: the exact text of its result."""

    result: str


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

    @property
    def expires_at(self) -> float | None:
        return None if self.expires_in is None else self.opened_at + self.expires_in

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = values.load(self.shown)
        return content


@dataclass(frozen=True, slots=True)
class Call:
    """One event delivered to one step. `(number, attempt)` is the fencing token."""

    number: int
    step: str
    event: EventRecord
    attempt: int = 0
    running: bool = False
    losses: int = 0


@dataclass(slots=True)
class State:
    """What a run is doing: its calls, its open requests, its clocks."""

    status: Status = "running"
    paused: bool = False
    started_by: str | None = None
    started_at: float = 0.0
    calls: dict[int, Call] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    last_call: int = 0
    last_step: str = ""
    active_seconds: float = 0.0
    active_since: float | None = None

    def copy(self) -> "State":
        return replace(self, calls=dict(self.calls), requests=dict(self.requests))

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def running(self) -> list[Call]:
        return [call for call in self.calls.values() if call.running]

    def active_at(self, now: float) -> float:
        """Seconds during which at least one attempt was running, until now."""
        since = self.active_since
        return self.active_seconds + (max(0.0, now - since) if since else 0.0)

    def dump(self) -> str:
        data = {name: getattr(self, name) for name in self.__slots__}
        data["calls"] = list(self.calls.values())
        data["requests"] = list(self.requests.values())
        return json.dumps(data, default=_fields, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> "State":
        data = json.loads(text)
        calls = [_load_call(call) for call in data.pop("calls")]
        requests = [_load_request(request) for request in data.pop("requests")]
        return cls(
            calls={call.number: call for call in calls},
            requests={request.request_id: request for request in requests},
            **data,
        )


def _fields(part: Call | Request | EventRecord) -> dict[str, Any]:
    """A part of the state as JSON can have it; `asdict` would copy every text."""
    return {name: getattr(part, name) for name in part.__slots__}


def load_record(data: Mapping[str, Any]) -> EventRecord:
    return EventRecord(data["type"], tuple(data["bases"]), data["body"])


def _load_call(data: dict[str, Any]) -> Call:
    return Call(event=load_record(data.pop("event")), **data)


def _load_request(data: dict[str, Any]) -> Request:
    on_expire, respond_as = data.pop("on_expire"), data.pop("respond_as")
    return Request(
        on_expire=load_record(on_expire) if on_expire else None,
        respond_as=(respond_as[0], tuple(respond_as[1])) if respond_as else None,
        **data,
    )
