"""Definitions as plain data, for tests of the reducer that need no code."""

from typing import Any

from workflows_app.engine.definition import (
    Branch,
    Definition,
    RetryRule,
    StepDefinition,
    SubWorkflow,
)

START = ("StartEvent",)
RETRY = RetryRule(
    max_attempts=3,
    initial=10.0,
    factor=2.0,
    max_delay=15.0,
    jitter=False,
    on_timeout=True,
)


def define(*steps: StepDefinition, **options: Any) -> Definition:
    return Definition("plain", "1", steps, "StartEvent", ("Event",), **options)


def a_step(name: str, *accepts: str, **options: Any) -> StepDefinition:
    """A step that accepts these types; unless told otherwise, the start."""
    return StepDefinition(name, accepts or START, None, 60.0, **options)


def a_subworkflow(
    *branches: str, merge: Any = "wait_all", emits: str = "Done"
) -> SubWorkflow:
    return SubWorkflow(
        tuple(Branch(name, name, "d", "StartEvent", ("Event",)) for name in branches),
        merge,
        parallel=len(branches) > 1,
        emits=emits,
        emits_bases=("Event",),
        unwraps=False,
    )
