"""Workflows whose steps are done by other workflows."""

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.subworkflow import (
    ParallelSubWorkflowsStep,
    SubWorkflowStep,
)


class Wanted(StartEvent):
    """What a family of runs is started with."""

    name: str = "child"


class Decided(Event):
    """What the child found out."""

    result: object = None


@step
def ask_below(ctx: Context, ev: Wanted) -> InputRequestEvent:
    """Ask from within a child."""
    return InputRequestEvent(
        f"ask-{ev.name}", f"{ev.name}?", {"of": ev.name}, choices=["yes", "no"]
    )


@step
def end_below(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End the child with the answer."""
    if ev.response == "no":
        raise ValueError("They said no.")
    return StopEvent(result=ev.response)


child = Workflow("family-child", [ask_below, end_below])


@step
def end_above(ctx: Context, ev: Decided) -> StopEvent:
    """End the parent with what its child said."""
    return StopEvent(result=["child said", ev.result])


parent = Workflow(
    "family-parent", [SubWorkflowStep("delegate", Wanted, Decided, child), end_above]
)


@step
def ask_left(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask on the left."""
    return InputRequestEvent("left", "Left?", choices=["yes", "no"])


@step
def ask_right(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask on the right."""
    return InputRequestEvent("right", "Right?", choices=["yes", "no"])


left = Workflow("family-left", [ask_left, end_below])
right = Workflow("family-right", [ask_right, end_below])


class AllDecided(Event):
    """What several children found out, in their order."""

    results: list[object] = []


@step
def end_all(ctx: Context, ev: AllDecided) -> StopEvent:
    """End with all that was said."""
    return StopEvent(result=ev.results)


both = Workflow(
    "family-both",
    [ParallelSubWorkflowsStep("split", StartEvent, AllDecided, [left, right]), end_all],
)
