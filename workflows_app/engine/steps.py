"""Steps: functions that take an event and return what follows from it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import (
    Any,
    Final,
    Protocol,
    TypedDict,
    Unpack,
    get_args,
    overload,
)

from .definition import Isolation, OnLoss, StepDefinition
from .event_types import EventTypes, find_strangers, find_types, type_names
from .retry import Retry, find_retry_problems, is_whole
from .seconds import check_seconds
from .signature import MIXED, Emits, Signature, Types, local_types, read_signature

Limit = float | int | timedelta | None


class Unset:
    """Not given: the workflow's default holds."""


UNSET: Final = Unset()


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a workflow gives to its steps that say nothing of their own."""

    timeout: float | None
    retry: Retry | None


class StepLike(Protocol):
    """What a workflow is made of: a step with a body, or one that runs workflows."""

    @property
    def name(self) -> str: ...
    @property
    def accepts(self) -> Types: ...
    @property
    def collects(self) -> Types: ...
    @property
    def emits(self) -> Emits | None: ...
    @property
    def for_steps(self) -> tuple[str, ...] | None: ...
    @property
    def problems(self) -> tuple[str, ...]: ...
    def define(self, defaults: Defaults, joins: tuple[str, ...]) -> StepDefinition: ...


@dataclass(frozen=True, slots=True)
class Declared:
    """The event types that the author names beside the function's annotations."""

    accepts: EventTypes = None
    emits: EventTypes = None
    collect: EventTypes = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """A function with the event types that it accepts and may emit.

    The signature is read when it is first asked for, so an annotation may name a class
    that comes later in its module. `problems` is what `build` has to say about it.
    """

    name: str
    body: Callable[..., Any]
    declared: Declared = Declared()
    local_types: Mapping[str, type] = field(default_factory=dict)
    max_concurrency: int = 0
    timeout: float | Unset | None = UNSET
    retry: Retry | None = None
    isolation: Isolation = "auto"
    on_loss: OnLoss = "rerun"
    exclusive: bool = False
    for_steps: tuple[str, ...] | None = None
    max_recoveries: int = 1

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calling a step calls its function, so that it can be tested alone."""
        return self.body(*args, **kwargs)

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.body)

    @cached_property
    def accepts(self) -> Types:
        return find_types(self.declared.accepts) or self._signature.accepts

    @cached_property
    def collects(self) -> Types:
        """The types of which it takes all that comes of a fan-out, at once."""
        return find_types(self.declared.collect) or self._signature.collects

    @cached_property
    def emits(self) -> Emits | None:
        """The types that it may emit; None when it does not say."""
        read = self._signature.emits
        if self.declared.emits is None:
            return read
        declared = find_types(self.declared.emits)
        return read.narrowed(declared) if read else Emits(declared, declared)

    @cached_property
    def problems(self) -> tuple[str, ...]:
        declared = self.declared
        named = (
            *find_strangers("accepts", declared.accepts),
            *find_strangers("emits", declared.emits),
            *find_strangers("collects", declared.collect),
        )
        return (*named, *self._signature.problems, *_option_problems(self))

    def define(self, defaults: Defaults, joins: tuple[str, ...]) -> StepDefinition:
        """The step as plain data."""
        retry = self.retry or defaults.retry
        timeout = self.timeout
        return StepDefinition(
            name=self.name,
            accepts=type_names(self.accepts),
            emits=type_names(self.emits.types) if self.emits else None,
            timeout=defaults.timeout if isinstance(timeout, Unset) else timeout,
            retry=retry.rule() if retry else None,
            max_concurrency=self.max_concurrency,
            exclusive=self.exclusive,
            isolation=self.isolation if self.on_loss == "rerun" else "process",
            on_loss=self.on_loss,
            collects=type_names(self.collects),
            joins=joins,
            for_steps=self.for_steps,
            max_recoveries=self.max_recoveries,
        )

    @cached_property
    def _signature(self) -> Signature:
        told = bool(self.declared.accepts or self.declared.collect)
        return read_signature(self.body, self.local_types, needs_event=not told)


class StepOptions(TypedDict, total=False):
    """What `@step` takes, for type checkers."""

    name: str | None
    accepts: EventTypes
    emits: EventTypes
    max_concurrency: int
    timeout: Limit | Unset
    retry: Retry | None
    isolation: Isolation
    on_loss: OnLoss
    exclusive: bool
    collect: EventTypes
    for_steps: str | Sequence[str] | None
    max_recoveries: int


@overload
def step(body: Callable[..., Any], **options: Unpack[StepOptions]) -> Step: ...
@overload
def step(**options: Unpack[StepOptions]) -> Callable[[Callable[..., Any]], Step]: ...
def step(  # noqa: PLR0913 - engine.md 1
    body: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    accepts: EventTypes = None,
    emits: EventTypes = None,
    max_concurrency: int = 0,
    timeout: Limit | Unset = UNSET,
    retry: Retry | None = None,
    isolation: Isolation = "auto",
    on_loss: OnLoss = "rerun",
    exclusive: bool = False,
    collect: EventTypes = None,
    for_steps: str | Sequence[str] | None = None,
    max_recoveries: int = 1,
) -> Any:
    """Make a step of `def f(ctx, ev: SomeEvent) -> OtherEvent`, sync or async.

    The annotation of the event says what the step accepts (`A | B` for several), the
    return annotation what it may emit. A step of `ev: list[Done]` takes all that comes
    of a fan-out at once. `max_concurrency` counts per run, and 0 is no limit; calls of
    `exclusive` steps of a run never overlap. `on_loss` is what follows when the worker
    is lost; other than "rerun" it gives the step a process of its own. `for_steps` and
    `max_recoveries` belong to a step that accepts StepFailedEvent.

    Raises ValueError for a timeout that cannot be; all else is told by `build`.
    """
    found = local_types()

    def make(body: Callable[..., Any]) -> Step:
        step_name = str(name or getattr(body, "__name__", type(body).__name__))
        return Step(
            name=step_name,
            body=body,
            declared=Declared(accepts, emits, collect),
            local_types=found,
            max_concurrency=max_concurrency,
            timeout=check_limit(timeout, f"timeout of step {step_name!r}"),
            retry=retry,
            isolation=isolation,
            on_loss=on_loss,
            exclusive=exclusive,
            for_steps=(for_steps,) if isinstance(for_steps, str) else _tuple(for_steps),
            max_recoveries=max_recoveries,
        )

    return make if body is None else make(body)


def check_limit(limit: Limit | Unset, what: str) -> Any:
    """A limit in seconds, above zero and no longer than ten years, or None for none.

    Raises ValueError naming the limit.
    """
    if limit is None or isinstance(limit, Unset):
        return limit
    return check_seconds(limit, what)


def _tuple(given: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)


def _option_problems(step: Step) -> list[str]:
    problems = find_retry_problems(step.retry)
    if step.declared.accepts and step.declared.collect:
        problems.append(MIXED)
    if not is_whole(step.max_concurrency, least=0):
        problems.append(f"has max_concurrency {step.max_concurrency!r}; 0 is no limit.")
    if not is_whole(step.max_recoveries, least=1):
        problems.append(f"has max_recoveries {step.max_recoveries!r}; 1 is the least.")
    for option, allowed in (("isolation", Isolation), ("on_loss", OnLoss)):
        given, names = getattr(step, option), get_args(allowed)
        if given not in names:
            problems.append(f"has {option} {given!r}, not one of {', '.join(names)}.")
    return problems
