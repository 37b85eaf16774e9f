"""A workflow that asks whatever a test wants to see on the page."""

from typing import Any

from workflows_app.engine import (
    Context,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

OUTCOMES = [
    Outcome("approve", style="primary", effect="It is published at once."),
    Outcome("again", "Ask back", needs_reason=True),
    Outcome("reject", style="danger", needs_reason=True),
]


class Round(StartEvent):
    """What is shown in each round; whoever asks back gets the next one."""

    rounds: list[dict[str, Any]]


@step
def show(ctx: Context, ev: Round) -> InputRequestEvent:
    """Ask for the first time."""
    ctx.state.set("rounds", ev.rounds)
    return ask(ev.rounds, 0)


@step
def decide(ctx: Context, ev: InputResponseEvent) -> StopEvent | InputRequestEvent:
    """Ask again, or end with what the step was given."""
    number = int(ev.request_id.removeprefix("round-"))
    if ev.outcome == "again":
        return ask(ctx.state["rounds"], number)
    return StopEvent(result={"outcome": ev.outcome, "response": ev.response})


def ask(rounds: list[dict[str, Any]], number: int) -> InputRequestEvent:
    shown = {"subject": "A question", "prompt": "Is it right?", **rounds[number]}
    return InputRequestEvent(
        f"round-{number + 1}",
        **shown,
        outcomes=OUTCOMES,
        previous=f"round-{number}" if number else None,
    )


showing = Workflow("showing", [show, decide])
