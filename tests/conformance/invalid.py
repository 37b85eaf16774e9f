"""Steps that do not make a workflow, one set for each item of R61 (case 67)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    ValidationError,
    Workflow,
    step,
)


class Ping(Event):
    pass


class Pong(Event):
    pass


class SamePing(Event):
    event_type = "Ping"


@step
def only(ctx: Context, ev: StartEvent) -> StopEvent:
    return StopEvent()


@step
def ping(ctx: Context, ev: StartEvent) -> Ping:
    return Ping()


@step
def stop(ctx: Context, ev: Ping) -> StopEvent:
    return StopEvent()


@step
def no_annotation(ctx: Context, ev) -> StopEvent:  # type: ignore[no-untyped-def] # noqa: ANN001
    return StopEvent()


@step
def nowhere(ctx: Context, ev: "Nowhere") -> StopEvent:  # type: ignore[name-defined] # noqa: F821
    return StopEvent()


@step
def one_argument(ev: StartEvent) -> StopEvent:
    return StopEvent()


@step
def after_the_end(ctx: Context, ev: StopEvent) -> Ping:
    return Ping()


@step
def same_ping(ctx: Context, ev: SamePing) -> StopEvent:
    return StopEvent()


@step
def hear_pong(ctx: Context, ev: Pong) -> StopEvent:
    return StopEvent()


@step
def echo_pong(ctx: Context, ev: Pong) -> Pong:
    return Pong()


@step
def echo_ping(ctx: Context, ev: Ping) -> Ping:
    return Ping()


@step
def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent("ask")


@step
def hear(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent()


@step(for_steps="nobody")
def mend_nobody(ctx: Context, ev: StepFailedEvent) -> StopEvent:
    return StopEvent()


@step
def mend(ctx: Context, ev: StepFailedEvent) -> StopEvent:
    return StopEvent()


@step(for_steps="only")
def mend_only(ctx: Context, ev: StepFailedEvent) -> StopEvent:
    return StopEvent()


THREE: Any = 3


@step(retry=THREE)
def odd_retry(ctx: Context, ev: StartEvent) -> StopEvent:
    return StopEvent()


@step(max_concurrency=-1)
def odd_concurrency(ctx: Context, ev: StartEvent) -> StopEvent:
    return StopEvent()


@dataclass(frozen=True, slots=True)
class Wrong:
    """Steps, and a part of what `build` must say of them."""

    steps: Sequence[Any]
    problem: str
    name: str = "g-invalid"

    @property
    def errors(self) -> list[str]:
        builder = Workflow.builder(self.name)
        for each in self.steps:
            builder.step(each)
        try:
            builder.build()
        except ValidationError as refusal:
            return refusal.errors
        return []


WRONG = [
    Wrong([], "has no steps"),
    Wrong([stop], "No step accepts StartEvent"),
    Wrong([only, only], "Two steps are called 'only'"),
    Wrong([no_annotation], "'no_annotation' does not say which event it accepts"),
    Wrong([only, nowhere], "'nowhere' has an annotation of its event that fails"),
    Wrong([only, one_argument], "'one_argument' must take two arguments"),
    Wrong([only, after_the_end], "'after_the_end' accepts StopEvent"),
    Wrong([ping, stop, same_ping], "Two event classes are called 'Ping'"),
    Wrong([only, hear_pong], "'hear_pong' accepts Pong, but no step emits it"),
    Wrong([ping], "'ping' emits Ping, but no step accepts it"),
    Wrong([only, echo_pong], "'echo_pong' is never reached"),
    Wrong([ping, echo_ping], "No path leads to a StopEvent"),
    Wrong([ask], "but no step accepts InputResponseEvent"),
    Wrong([only, mend_nobody], "failures of 'nobody', which is no step"),
    Wrong([only, mend, mend_only], "The failures of step 'only' are taken by"),
    Wrong([odd_retry], "'odd_retry' has retry 3"),
    Wrong([odd_concurrency], "'odd_concurrency' has max_concurrency -1"),
    Wrong([only], "must have 1 to 100 letters", name="no good name"),
    Wrong([only], "must have 1 to 100 letters", name="g" * 101),
]

SOUND = [[only], [ping, stop], [ask, hear], [only, mend], [only, mend_only]]
"""That nothing is wrong with these shows that it is the rest that makes WRONG wrong."""

ALL_WRONG = Wrong([ping, ping, no_annotation, odd_retry, mend_nobody], "", "no name")
ALL_PROBLEMS = [
    "'no name'",
    "Two steps are called 'ping'",
    "'no_annotation' does not say",
    "'odd_retry' has retry 3",
    "'nobody', which is no step",
]

ODD_RETRIES: list[dict[str, Any]] = [
    {"max_attempts": 0},
    {"max_attempts": 1.5},
    {"max_attempts": 2, "initial": -1},
    {"max_attempts": 2, "factor": 0.5},
    {"max_attempts": 2, "max_delay": float("nan")},
]
"""What Retry itself refuses at the call."""
