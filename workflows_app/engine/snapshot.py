"""Snapshots: a run as one piece of JSON text, for another day or another machine."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import SnapshotFormatError, SnapshotVersionError
from .first_state import upgrade
from .snapshot_check import BROKEN, check

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
_LATER: dict[str, type] = {
    "inbox": list,
    "dropped_session_keys": list,
    "children": list,
}
"""Fields that snapshots of the first days do not have: nothing, then."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run as it was after `revision` transitions and `number` lines of its log.

    Inner texts (`state`, `definition`, `input`, `result`) are exact JSON; `values`
    holds each key of `ctx.state` with its version, `requests` the questions with their
    votes, `events` the log, `inbox` the news that the run had not taken in, `children`
    the runs that work for it, in full. `extra` is what only another version of
    Holdpoint understands.
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
    inbox: list[dict[str, Any]] = field(default_factory=list)
    dropped_session_keys: list[str] = field(default_factory=list)
    children: list["Snapshot"] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    quiescent: bool = True

    def dump(self) -> str:
        envelope = {"format": FORMAT, "version": VERSION}
        return json.dumps({**envelope, **self.plain()}, ensure_ascii=True)

    def plain(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in (*_FIELDS, *_LATER)}
        fields["children"] = [child.plain() for child in self.children]
        return {**self.extra, **fields}

    @property
    def tree(self) -> list["Snapshot"]:
        """The run and all that work for it, parents before their children."""
        return [self, *(each for child in self.children for each in child.tree)]

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
        rest = {k: v for k, v in data.items() if k not in {"format", "version"}}
        try:
            return _load(rest, "$")
        except RecursionError as error:
            raise SnapshotFormatError("$.children: too many generations.") from error


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


def _load(data: Any, path: str) -> Snapshot:
    """One run of the snapshot, and those below it."""
    if not isinstance(data, dict):
        raise SnapshotFormatError(f"{path} has the wrong type.")
    fields = {name: _field(data, name, path) for name in _FIELDS}
    later = {
        name: _field({name: kind(), **data}, name, path)
        for name, kind in _LATER.items()
    }
    later["children"] = [
        _load(child, f"{path}.children[{number}]")
        for number, child in enumerate(later["children"])
    ]
    extra = {k: v for k, v in data.items() if k not in _FIELDS and k not in _LATER}
    snapshot = Snapshot(**fields, **later, extra=extra)
    try:
        snapshot = replace(snapshot, state=upgrade(snapshot.state))
    except BROKEN as error:
        raise SnapshotFormatError(f"{path}.state: {error!r}") from error
    check(snapshot, path)
    return snapshot


def _field(data: dict[str, Any], name: str, path: str) -> Any:
    if name not in data:
        raise SnapshotFormatError(f"{path}.{name} is missing.")
    value, kinds = data[name], _FIELDS.get(name) or _LATER[name]
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise SnapshotFormatError(f"{path}.{name} has the wrong type.")
    return value
