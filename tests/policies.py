"""Workflows that ask under a policy, or late, and one that tries again."""

from typing import Any

from tests.flows import APPROVE, REJECT, decide
from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Retry,
    ReviewPolicy,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.policy import Escalation


class Later(Event):
    """Asks when the first question has been answered."""


def asking(name: str, **policy: Any) -> Workflow:
    """A workflow that asks one thing, under a policy."""

    @step(name="ask")
    def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        return InputRequestEvent(
            "q", "Well?", outcomes=[APPROVE, REJECT], policy=ReviewPolicy(**policy)
        )

    return Workflow(name, [ask, decide])


two_needed = asking("two-needed", approvals=2)
slow_deadline = asking("slow-deadline", escalate=(Escalation(60, ("leads",)),))
undoable = asking("undoable", undo_seconds=5)


@step
def ask_first(ctx: Context, ev: StartEvent) -> list[Later]:
    """Only later there is something to answer."""
    return [Later()]


@step
def ask_later(ctx: Context, ev: Later) -> InputRequestEvent:
    """Ask."""
    return InputRequestEvent("late", "Late?", choices=[1, 2])


@step
def end_late(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with the answer."""
    return StopEvent(result=[ev.response, ev.responder])


late = Workflow("asks-late", [ask_first, ask_later, end_late])


@step
def flaky(ctx: Context, ev: StartEvent) -> StopEvent:
    """Fail twice."""
    if ctx.attempt < 3:
        raise ValueError("not yet")
    return StopEvent(result=ctx.attempt)


patient = Workflow("tries-thrice", [flaky], retry=Retry(3, initial=10, jitter=False))
