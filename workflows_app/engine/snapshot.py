"""Snapshots: a run as one piece of JSON text, for another day or another machine."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from .definition import Definition
from .errors import SnapshotFormatError, SnapshotVersionError
from .policy import ReviewPolicy
from .state import State

FORMAT = "holdpoint/snapshot"
VERSION = 1

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "run_id": str,
    "workflow_name": str,
    "definition": str,
    "revision": int,
    "number": int,
    "cause": str,
    "taken_at": (int, float),
    "input": str,
    "state": str,
    "values": dict,
    "requests": list,
    "events": list,
    "result": (str, type(None)),
    "error": (str, type(None)),
    "run": dict,
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run as it was after `revision` transitions and `number` lines of its log.

    Inner texts (`state`, `definition`, `input`, `result`) are exact JSON; `values`
    holds each key of `ctx.state` with its version, `requests` the questions with their
    answers, `events` the log.
    """

    run_id: str
    workflow_name: str
    definition: str
    revision: int
    number: int
    cause: str
    taken_at: float
    input: str
    state: str
    values: dict[str, Any]
    requests: list[dict[str, Any]]
    events: list[dict[str, Any]]
    result: str | None
    error: str | None
    run: dict[str, Any]
    quiescent: bool = True

    def dump(self) -> str:
        fields = {name: getattr(self, name) for name in _FIELDS}
        envelope = {"format": FORMAT, "version": VERSION, **fields}
        return json.dumps(envelope, ensure_ascii=True)

    @classmethod
    def load(cls, given: "Snapshot | str | bytes | dict[str, Any]") -> "Snapshot":
        """Read a snapshot. Nothing in it is ever executed or imported.

        Raises SnapshotVersionError for one from a newer version, and
        SnapshotFormatError naming the field for anything else that is wrong.
        """
        if isinstance(given, Snapshot):
            return given
        data = _read(given)
        _check_envelope(data)
        snapshot = cls(**{name: _field(data, name) for name in _FIELDS})
        _check_inner(snapshot)
        return snapshot


def _read(given: str | bytes | dict[str, Any]) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    try:
        data = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise SnapshotFormatError(f"This is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise SnapshotFormatError("$: a snapshot is a JSON object.")
    return data


def _check_envelope(data: dict[str, Any]) -> None:
    if data.get("format") != FORMAT:
        raise SnapshotFormatError(f"$.format: expected {FORMAT!r}.")
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise SnapshotFormatError("$.version: expected a whole number from 1.")
    if version > VERSION:
        raise SnapshotVersionError(
            f"This snapshot has version {version}; this Holdpoint reads {VERSION}."
        )


def _field(data: dict[str, Any], name: str) -> Any:
    if name not in data:
        raise SnapshotFormatError(f"$.{name} is missing.")
    value, kinds = data[name], _FIELDS[name]
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise SnapshotFormatError(f"$.{name} has the wrong type.")
    return value


_STATE = TypeAdapter(State)
_BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
)


def _check_inner(snapshot: Snapshot) -> None:
    """The texts inside must be what they say, down to the type of every field."""
    if not math.isfinite(snapshot.taken_at):
        raise SnapshotFormatError("$.taken_at is no moment.")
    try:
        Definition.load(snapshot.definition)
    except _BROKEN as error:
        raise SnapshotFormatError(f"$.definition: {error!r}") from error
    try:
        state = State.load(snapshot.state)
        _STATE.validate_json(json.dumps(asdict(state)), strict=True)
        _check_requests(state, snapshot.requests)
    except _BROKEN as error:
        raise SnapshotFormatError(f"$.state: {error!r}") from error


def _check_requests(state: State, asked: list[dict[str, Any]]) -> None:
    """What is open in the state is open in the list, and is what it was asked as."""
    is_open = {r["request_id"] for r in asked if r["status"] == "open"}
    if is_open != set(state.requests):
        raise ValueError("the open requests do not agree with $.requests")
    for request in state.requests.values():
        if hashlib.sha256(request.shown.encode()).hexdigest() != request.digest:
            raise ValueError(f"request {request.request_id!r} has been changed")
        ReviewPolicy.load(request.policy)
        if not {"subject", "schema", "outcomes"} <= set(request.content):
            raise ValueError(f"request {request.request_id!r} is not complete")
