"""Workflows: steps under one name, and the doors through which authors run them."""

from collections.abc import Mapping, Sequence
from typing import Any

from . import registry, runner
from .definition import Definition, StepDefinition
from .errors import ValidationError
from .events import BUILT_IN, Event, StartEvent, check_names
from .snapshot import Snapshot
from .steps import Limit, Step, _Unset, check_limit
from .validation import find_problems

STEP_TIMEOUT = 300.0
"""Seconds an attempt may take unless its step or workflow says otherwise (R33)."""


class Workflow:
    """Steps that exchange events. Building it checks it; the name registers it.

    `timeout` counts active seconds, `deadline` all seconds from the start;
    `groups` names who may see its runs, beside those who are asked something.
    Raises ValidationError with every problem at once.
    """

    def __init__(  # noqa: PLR0913 - engine.md 1
        self,
        name: str,
        steps: Sequence[Step],
        timeout: Limit = None,
        *,
        deadline: Limit = None,
        step_timeout: Limit = STEP_TIMEOUT,
        version: str = "1",
        groups: Sequence[str] = (),
        description: str = "",
    ) -> None:
        self.name = name
        self.steps = {step.name: step for step in steps}
        self.event_types = _event_types(steps)
        groups = check_names(groups, "groups")
        problems = find_problems(name, steps, version=version, groups=groups)
        if problems:
            raise ValidationError(problems)
        default = check_limit(step_timeout, "step timeout")
        self.definition = Definition(
            name=name,
            version=version,
            steps=tuple(_define(step, default) for step in steps),
            start_type=self.start_class.event_type,
            start_bases=self.start_class.lineage(),
            input_schema=_input_schema(self.start_class),
            timeout=check_limit(timeout, "timeout"),
            deadline=check_limit(deadline, "deadline"),
            groups=groups,
            description=description,
        )
        registry.register(self)

    @property
    def start_class(self) -> type[StartEvent]:
        """The author's StartEvent if a step accepts one, else StartEvent itself."""
        accepted = [c for step in self.steps.values() for c in step.accepts]
        starts = [c for c in accepted if issubclass(c, StartEvent)]
        typed = [c for c in starts if c is not StartEvent]
        return typed[0] if typed else StartEvent

    @staticmethod
    def builder(name: str) -> "WorkflowBuilder":
        return WorkflowBuilder(name)

    def start(
        self,
        event: StartEvent | Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Any:
        """Start a run; may be called inside a database transaction of yours.

        The same idempotency key with the same input gives the run that exists.
        Raises pydantic's or our ValidationError, or SerializationError, before
        there is a run.
        """
        if not isinstance(event, StartEvent):
            event = self.start_class(**dict(event or {}))
        return runner.current().start(
            self, event, idempotency_key=idempotency_key, tags=tags or {}
        )

    async def run_with_handler(self, **fields: Any) -> Any:
        """Start a run and return its handler; await `handler.result()` for the end."""
        return await runner.current().start_async(self, self.start_class(**fields))

    async def run(self, **fields: Any) -> Any:
        """Start a run and wait for its result."""
        handler = await self.run_with_handler(**fields)
        return await handler.result()

    @staticmethod
    async def resume(
        snapshot: Snapshot | str | bytes | dict[str, Any], *, paused: bool = False
    ) -> Any:
        """Continue the run of a snapshot, in this database, under its own id."""
        loaded = Snapshot.load(snapshot)
        return await runner.current().resume(loaded, paused=paused)

    @staticmethod
    def handler(run_id: str) -> Any:
        """The handle to a run that exists, from any process."""
        return runner.current().handler(run_id)


class WorkflowBuilder:
    """Builds a workflow part by part, in any order."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._steps: list[Step] = []
        self._options: dict[str, Any] = {}

    def step(self, step: Step) -> "WorkflowBuilder":
        self._steps.append(step)
        return self

    def timeout(self, limit: Limit) -> "WorkflowBuilder":
        """Active seconds that a run may take."""
        return self._set("timeout", check_limit(limit, "timeout"))

    def no_timeout(self) -> "WorkflowBuilder":
        return self._set("timeout", None)

    def deadline(self, limit: Limit) -> "WorkflowBuilder":
        """Seconds from the start, waiting included, that a run may take."""
        return self._set("deadline", check_limit(limit, "deadline"))

    def step_timeout(self, limit: Limit) -> "WorkflowBuilder":
        """The limit of every step that has none of its own."""
        return self._set("step_timeout", check_limit(limit, "step timeout"))

    def no_step_timeout(self) -> "WorkflowBuilder":
        return self._set("step_timeout", None)

    def version(self, version: str) -> "WorkflowBuilder":
        return self._set("version", version)

    def groups(self, *names: str) -> "WorkflowBuilder":
        """Who may see the runs, beside those who are asked something."""
        return self._set("groups", names)

    def description(self, text: str) -> "WorkflowBuilder":
        return self._set("description", text)

    def build(self) -> Workflow:
        """Raises ValidationError with every problem at once."""
        return Workflow(self._name, self._steps, **self._options)

    def _set(self, option: str, value: Any) -> "WorkflowBuilder":
        self._options[option] = value
        return self


def _define(step: Step, default: float | None) -> StepDefinition:
    timeout = default if isinstance(step.timeout, _Unset) else step.timeout
    return StepDefinition(
        name=step.name,
        accepts=tuple(c.event_type for c in step.accepts),
        emits=None if step.emits is None else tuple(c.event_type for c in step.emits),
        timeout=timeout,
    )


def _event_types(steps: Sequence[Step]) -> dict[str, type[Event]]:
    """Every event class that the steps name, and its subclasses, by type."""
    known: dict[str, type[Event]] = {c.event_type: c for c in BUILT_IN}
    pending = [c for step in steps for c in (*step.accepts, *(step.emits or ()))]
    while pending:
        kind = pending.pop()
        known.setdefault(kind.event_type, kind)
        if kind not in BUILT_IN:
            pending += kind.__subclasses__()
    return known


def _input_schema(start: type[StartEvent]) -> dict[str, Any] | None:
    """What a run takes, as JSON Schema; None when it takes anything."""
    if not start.model_fields:
        return None
    return {**start.model_json_schema(), "additionalProperties": False}
