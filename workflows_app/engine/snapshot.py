"""Snapshots: a run as one piece of JSON text, for another day or another machine."""

import json
from dataclasses import dataclass
from typing import Any

from .definition import Definition
from .errors import SnapshotFormatError, SnapshotVersionError
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


def _check_inner(snapshot: Snapshot) -> None:
    for name, load in (("state", State.load), ("definition", Definition.load)):
        try:
            load(getattr(snapshot, name))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise SnapshotFormatError(f"$.{name}: {error!r}") from error
