"""Workflows for the page of a run: much to tell, and much to ask."""

from pydantic import Field

from workflows_app.engine import (
    Context,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    ProgressEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

YES = Outcome("yes", "Yes", "primary")


class Told(StartEvent):
    """How much to say before people are asked, and how many questions."""

    lines: int = Field(0, ge=0)
    questions: int = Field(1, ge=1)


@step
def ask(ctx: Context, ev: Told) -> list[InputRequestEvent]:
    """Say something again and again, then ask all questions at once."""
    for number in range(ev.lines):
        ctx.write_event_to_stream(ProgressEvent(message=f"Row {number + 1} checked"))
    ctx.state.set("wanted", ev.questions)
    return [
        InputRequestEvent(
            f"q{number}", "Go on?", subject=f"Question {number}", outcomes=[YES]
        )
        for number in range(1, ev.questions + 1)
    ]


@step
def gather(ctx: Context, ev: InputResponseEvent) -> StopEvent | None:
    """End with the ids of the requests, in the order of their answers."""
    answered = [*ctx.state.get("answered", []), ev.request_id]
    ctx.state.set("answered", answered)
    return StopEvent(result=answered) if len(answered) == ctx.state["wanted"] else None


telling = Workflow("telling", [ask, gather], groups=("reviewers",))
