"""Workflows: steps under one name, and the doors through which authors run them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from . import registry, runner
from .builder import Parts
from .definition import Definition, ExternalEvent
from .errors import ValidationError
from .event_types import EventTypes, find_strangers, find_types, type_names
from .events import BUILT_IN, Event, StartEvent
from .flow import Flow
from .input_handler import InputHandler
from .policy import check_names
from .result import WorkflowResult
from .retry import Retry, find_retry_problems
from .runner import StartOptions
from .session_policy import WARN_DROP, SessionPausePolicy
from .snapshot import Snapshot
from .steps import Defaults, Limit, Step, StepLike, check_limit
from .subworkflow import AnySubWorkflowStep, ParallelSubWorkflowsStep, SubWorkflowStep
from .validation import Labels, find_problems

STEP_TIMEOUT = 300.0
"""Seconds an attempt may take unless its step or workflow says otherwise (R33)."""


class Workflow:
    """Steps that exchange events. Building it checks it; the name registers it.

    `timeout` counts active seconds, `deadline` all seconds from the start; `retry` is
    for the steps that have none of their own. `groups` names who may see its runs,
    beside those who are asked something. Events of the types in `ignore_unhandled`
    may find no step. Raises ValidationError with every problem at once, and ValueError
    for a limit that cannot be.
    """

    def __init__(  # noqa: PLR0913 - engine.md 1
        self,
        name: str,
        steps: Sequence[Step | AnySubWorkflowStep],
        timeout: Limit = None,
        session_pause_policy: SessionPausePolicy | str = WARN_DROP,
        auto_publish_events: bool = True,
        *,
        deadline: Limit = None,
        step_timeout: Limit = STEP_TIMEOUT,
        retry: Retry | None = None,
        version: str = "1",
        input_handler: InputHandler | None = None,
        ignore_unhandled: EventTypes = (),
        groups: Sequence[str] = (),
        description: str = "",
    ) -> None:
        flow = Flow([step for step in steps if _is_step(step)])
        labels = Labels(name, version, check_names(groups, "groups"))
        ignored = type_names(find_types(ignore_unhandled))
        problems = [
            *_strangers(steps, ignore_unhandled, retry),
            *find_problems(labels, flow, ignored),
        ]
        if problems:
            raise ValidationError(problems)
        self.name = name
        self.steps = {s.name: s for s in steps if isinstance(s, Step)}
        self.subworkflows = {s.name: s for s in steps if not isinstance(s, Step)}
        self.event_types = _event_types(flow.steps)
        self.start_class = flow.start_class
        self.input_handler = input_handler
        self._retry = retry
        defaults = Defaults(check_limit(step_timeout, "step timeout"), retry)
        self.definition = Definition(
            name=name,
            version=version,
            steps=tuple(
                replace(s.define(defaults, flow.joins(s)), leads_to=flow.leads(s))
                for s in flow.steps
            ),
            start_type=flow.start_class.event_type,
            start_bases=flow.start_class.lineage(),
            input_schema=_input_schema(flow.start_class),
            timeout=check_limit(timeout, "timeout"),
            deadline=check_limit(deadline, "deadline"),
            groups=tuple(labels.groups),
            description=description,
            auto_publish_events=auto_publish_events,
            session_pause_policy=SessionPausePolicy(session_pause_policy).value,
            ignore_unhandled=ignored,
            has_input_handler=input_handler is not None,
            external_events=tuple(map(_external_event, flow.external())),
        )
        registry.register(self)

    @property
    def children(self) -> "tuple[Workflow, ...]":
        """Every workflow that its steps run, and those that these run, once each."""
        found: dict[str, Workflow] = {}
        for step in self.subworkflows.values():
            for child in step.workflows:
                for workflow in (child, *child.children):
                    found.setdefault(workflow.definition.digest, workflow)
        return tuple(found.values())

    def retry_of(self, step_name: str) -> Retry | None:
        """How a step is tried again; the workflow's own way is for steps with a body."""
        if step_name in self.subworkflows:
            return self.subworkflows[step_name].retry
        step = self.steps.get(step_name)
        return (step.retry or self._retry) if step else None

    @staticmethod
    def builder(name: str) -> "WorkflowBuilder":
        return WorkflowBuilder(name)

    def start(  # noqa: PLR0913 - engine.md 1
        self,
        input: StartEvent | Mapping[str, Any] | None = None,  # noqa: A002 - engine.md 1
        *,
        run_id: str | None = None,
        idempotency_key: str | None = None,
        tags: Mapping[str, str] | None = None,
        priority: int = 0,
        not_before: datetime | None = None,
    ) -> Any:
        """Start a run; may be called inside a database transaction of yours.

        The same idempotency key with the same input gives the run that exists.
        Raises TypeError, pydantic's or our ValidationError, or SerializationError,
        before there is a run.
        """
        options = StartOptions(
            run_id=run_id,
            idempotency_key=idempotency_key,
            tags=tags or {},
            priority=priority,
            not_before=not_before,
        )
        return runner.current().start(self, self._as_start(input), options)

    async def run_with_handler(self, **fields: Any) -> Any:
        """Start a run and return its handler; await `handler.result()` for the end."""
        event = self._as_start(fields)
        return await runner.current().start_async(self, event, StartOptions())

    async def run(self, **fields: Any) -> WorkflowResult:
        """Start a run and wait for its result."""
        handler = await self.run_with_handler(**fields)
        result: WorkflowResult = await handler.result()
        return result

    @staticmethod
    async def resume(
        snapshot: Snapshot | str | bytes | dict[str, Any],
        *,
        as_new_run: bool = False,
        paused: bool = False,
    ) -> Any:
        """Continue the run of a snapshot, in this database, under its own id.

        If the run has gone on since, `as_new_run` continues from the snapshot under
        another id.
        """
        loaded = Snapshot.load(snapshot)
        return await runner.current().resume(
            loaded, as_new_run=as_new_run, paused=paused
        )

    @staticmethod
    def handler(run_id: str) -> Any:
        """The handle to a run that exists, from any process."""
        return runner.current().handler(run_id)

    def _as_start(self, given: StartEvent | Mapping[str, Any] | None) -> StartEvent:
        if isinstance(given, self.start_class):
            return given
        if isinstance(given, StartEvent):
            if type(given) is not StartEvent:
                wanted, name = self.start_class.__name__, type(given).__name__
                raise ValidationError(f"{self.name} starts with {wanted}, not {name}.")
            given = given.to_dict()
        return self.start_class(**(given or {}))


class WorkflowBuilder(Parts):
    """Builds a workflow part by part, in any order."""

    def build(self) -> Workflow:
        """Raises ValidationError with every problem at once."""
        return Workflow(self.name, self.steps, **self.options)


def _is_step(given: Any) -> bool:
    return isinstance(given, Step | SubWorkflowStep | ParallelSubWorkflowsStep)


def _strangers(
    steps: Sequence[Any], ignored: EventTypes, retry: Retry | None
) -> list[str]:
    """Problems with what is not what it must be; there is nothing more to say of it."""
    problems = [
        f"{given!r} is no step: decorate it with @step."
        for given in steps
        if not _is_step(given)
    ]
    problems += [f"ignore_unhandled {p}" for p in find_strangers("has", ignored)]
    problems += [f"The workflow {p}" for p in find_retry_problems(retry)]
    return problems


def _event_types(steps: Sequence[StepLike]) -> dict[str, type[Event]]:
    """Every event class that the steps name, and its subclasses, by type."""
    known: dict[str, type[Event]] = {c.event_type: c for c in BUILT_IN}
    pending = [
        kind
        for step in steps
        for kind in (
            *step.accepts,
            *step.collects,
            *(step.emits.types if step.emits else ()),
        )
    ]
    while pending:
        kind = pending.pop()
        known.setdefault(kind.event_type, kind)
        if kind not in BUILT_IN:
            pending += kind.__subclasses__()
    return known


def _external_event(kind: type[Event]) -> ExternalEvent:
    return ExternalEvent(kind.event_type, kind.lineage(), _input_schema(kind))


def _input_schema(kind: type[Event]) -> dict[str, Any] | None:
    """What an event from outside takes, as JSON Schema; None when it takes anything."""
    if not kind.model_fields:
        return None
    return {**kind.model_json_schema(), "additionalProperties": False}
