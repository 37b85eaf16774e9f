"""A workflow as plain data: what a run is pinned to, whatever becomes of the code."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """One step: the event types it accepts and emits, and its limit in seconds."""

    name: str
    accepts: tuple[str, ...]
    emits: tuple[str, ...] | None
    timeout: float | None


@dataclass(frozen=True)
class Definition:
    """A version of a workflow, without its code. Limits are in seconds."""

    name: str
    version: str
    steps: tuple[StepDefinition, ...]
    start_type: str
    start_bases: tuple[str, ...]
    input_schema: Mapping[str, Any] | None = None
    timeout: float | None = None
    deadline: float | None = None
    groups: tuple[str, ...] = ()
    description: str = ""

    def accepting(self, types: tuple[str, ...]) -> list[StepDefinition]:
        """The steps, in their order, that accept an event of one of these types."""
        return [s for s in self.steps if any(t in s.accepts for t in types)]

    def step(self, name: str) -> StepDefinition:
        return next(s for s in self.steps if s.name == name)

    @cached_property
    def text(self) -> str:
        """Exact JSON; forms show the input's fields in the author's order."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @cached_property
    def digest(self) -> str:
        """The name under which this definition is stored: SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @classmethod
    def load(cls, text: str) -> "Definition":
        data = json.loads(text)
        steps = tuple(_load_step(step) for step in data.pop("steps"))
        for key in ("start_bases", "groups"):
            data[key] = tuple(data[key])
        return cls(steps=steps, **data)


def _load_step(data: dict[str, Any]) -> StepDefinition:
    emits = data.pop("emits")
    return StepDefinition(
        accepts=tuple(data.pop("accepts")),
        emits=None if emits is None else tuple(emits),
        **data,
    )
