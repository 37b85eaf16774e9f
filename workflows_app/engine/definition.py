"""A workflow as plain data: what a run is pinned to, whatever becomes of the code."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

INPUT_HANDLER = "@input_handler"
"""The step that answers requests by code; no author's step can have this name."""

Isolation = Literal["auto", "process"]
OnLoss = Literal["rerun", "fail", "ask"]
Merge = Literal["wait_all", "first_completes"]

END = ""
"""Where a StopEvent leads: to no step."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How often and how late a failed call is tried again. Times are in seconds."""

    max_attempts: int
    initial: float
    factor: float
    max_delay: float
    jitter: bool
    on_timeout: bool

    def delay(self, failures: int, chance: float) -> float:
        """The back-off after so many failures; with jitter, half to all of it."""
        full = min(self.initial * self.factor ** min(failures - 1, 64), self.max_delay)
        return full * (0.5 + 0.5 * chance) if self.jitter else full


@dataclass(frozen=True, slots=True)
class Branch:
    """A sub-workflow of a step: its name, its definition's digest, how it begins."""

    name: str
    workflow: str
    digest: str
    start_type: str
    start_bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubWorkflow:
    """What a sub-workflow step runs, and the event that it makes of the results."""

    branches: tuple[Branch, ...]
    merge: Merge
    parallel: bool
    emits: str
    emits_bases: tuple[str, ...]
    unwraps: bool


@dataclass(frozen=True, slots=True)
class Lead:
    """A way on from a step: which event, to which step; END is the end of the run.

    The event is an answer where the step asks a person.
    """

    event: str
    step: str
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """One step: the event types it accepts and emits, its limits, how it fails.

    `collects` are the types of which it takes a whole fan-out; `joins` the steps at
    which the lists that it returns come together; `for_steps` whose failures it takes;
    `leads_to` the ways on from it, None when it does not tell.
    """

    name: str
    accepts: tuple[str, ...]
    emits: tuple[str, ...] | None
    timeout: float | None
    retry: RetryRule | None = None
    max_concurrency: int = 0
    exclusive: bool = False
    isolation: Isolation = "auto"
    on_loss: OnLoss = "rerun"
    collects: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    for_steps: tuple[str, ...] | None = None
    max_recoveries: int = 1
    subworkflow: SubWorkflow | None = None
    leads_to: tuple[Lead, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExternalEvent:
    """An event that may be sent in from outside; `schema` is what its fields must fit."""

    type: str
    bases: tuple[str, ...]
    schema: Mapping[str, Any] | None = None


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
    auto_publish_events: bool = True
    session_pause_policy: str = "warn_drop"
    ignore_unhandled: tuple[str, ...] = ()
    has_input_handler: bool = False
    external_events: tuple[ExternalEvent, ...] = ()

    def accepting(self, types: tuple[str, ...]) -> list[StepDefinition]:
        """The steps, in their order, that accept an event of one of these types."""
        return [s for s in self.steps if any(t in s.accepts for t in types)]

    def collecting(self, types: tuple[str, ...]) -> list[StepDefinition]:
        """The steps that take these events only as a whole fan-out."""
        return [s for s in self.steps if any(t in s.collects for t in types)]

    def step(self, name: str) -> StepDefinition:
        if name == INPUT_HANDLER:
            return StepDefinition(INPUT_HANDLER, (), (), 60.0)
        return next(s for s in self.steps if s.name == name)

    def find_step(self, name: str) -> StepDefinition | None:
        return next((s for s in self.steps if s.name == name), None)

    def find_external(self, event_type: str) -> ExternalEvent | None:
        """What may come from outside under this type, if anything may."""
        return next((e for e in self.external_events if e.type == event_type), None)

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
        for key in ("start_bases", "groups", "ignore_unhandled"):
            data[key] = tuple(data.get(key, ()))
        external = tuple(map(_load_external, data.pop("external_events", ())))
        return cls(steps=steps, external_events=external, **data)


def _load_external(data: dict[str, Any]) -> ExternalEvent:
    return ExternalEvent(bases=tuple(data.pop("bases")), **data)


def _load_step(data: dict[str, Any]) -> StepDefinition:
    for key in ("accepts", "emits", "collects", "joins", "for_steps"):
        if data.get(key) is not None:
            data[key] = tuple(data[key])
    if data.get("retry") is not None:
        data["retry"] = RetryRule(**data["retry"])
    if data.get("subworkflow") is not None:
        data["subworkflow"] = _load_subworkflow(data["subworkflow"])
    if data.get("leads_to") is not None:
        data["leads_to"] = tuple(Lead(**lead) for lead in data["leads_to"])
    return StepDefinition(**data)


def _load_subworkflow(data: dict[str, Any]) -> SubWorkflow:
    branches = tuple(
        Branch(start_bases=tuple(branch.pop("start_bases")), **branch)
        for branch in data.pop("branches")
    )
    return SubWorkflow(
        branches=branches, emits_bases=tuple(data.pop("emits_bases")), **data
    )
