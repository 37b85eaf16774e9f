"""An attempt and its outcome as JSON text, for a body in a process of its own.

A closed list of kinds, as with all that leaves a process: no pickle, nothing importable.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from .context import Attempt
from .run_state import Stored
from .state import EventRecord
from .ticks import StepCompleted, StepFailed, StepParked

Outcome = StepCompleted | StepFailed | StepParked

_OUTCOMES: Mapping[str, type[Outcome]] = {
    kind.__name__: kind for kind in (StepCompleted, StepFailed, StepParked)
}


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Made when it is first needed: most processes run no such body."""
    return TypeAdapter(kind)


def _load(kind: Any, text: str | bytes) -> Any:
    return _adapter(kind).validate_json(text, strict=True, extra="forbid")


def dump_attempt(attempt: Attempt) -> str:
    return json.dumps(asdict(attempt))


def load_attempt(text: str | bytes) -> Attempt:
    attempt: Attempt = _load(Attempt, text)
    return attempt


def dump_outcome(outcome: Outcome) -> dict[str, Any]:
    return {"outcome": type(outcome).__name__, "fields": asdict(outcome)}


def load_outcome(told: Mapping[str, Any]) -> Outcome:
    """Raises ValueError or KeyError for what is no outcome."""
    kind = _OUTCOMES[told["outcome"]]
    outcome: Outcome = _load(kind, json.dumps(told["fields"]))
    return outcome


def dump_record(record: EventRecord) -> dict[str, Any]:
    return asdict(record)


def load_record(told: Mapping[str, Any]) -> EventRecord:
    record: EventRecord = _load(EventRecord, json.dumps(told))
    return record


def dump_stored(stored: Mapping[str, Stored]) -> dict[str, Any]:
    return {key: asdict(value) for key, value in stored.items()}


def load_stored(told: Mapping[str, Any]) -> dict[str, Stored]:
    stored: dict[str, Stored] = _load(dict[str, Stored], json.dumps(told))
    return stored
