"""The round trip that is measured: keep something, ask, end with the answer."""

from functools import cache
from random import Random
from typing import Any

from workflows_app.engine import (
    Context,
    InputRequestEvent,
    InputResponseEvent,
    ProgressEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

GROUP = "reviewers"


class Wanted(StartEvent):
    """How much the run keeps, and how many lines it writes before it asks."""

    subject: str = "May this be done?"
    kilobytes: int = 1
    lines: int = 0


@step
def keep_and_ask(ctx: Context, ev: Wanted) -> InputRequestEvent:
    """A trivial transform, state to keep, and a question."""
    ctx.state.set("kept", _text(ev.kilobytes))
    ctx.state.set("subject", ev.subject.upper())
    for number in range(ev.lines):
        ctx.write_event_to_stream(ProgressEvent(message=f"Line {number}"))
    return _question(ev.subject)


@step
def finish(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """Read state and answer, change a small key, end."""
    ctx.state.set("outcome", ev.outcome)
    return StopEvent(
        result={"subject": ctx.state["subject"], "outcome": ctx.state["outcome"]}
    )


round_trip = Workflow("benchmark", [keep_and_ask, finish])


class Delivered(StartEvent):
    """A webhook, as the intake gives it to a workflow."""

    source: str
    event: str = ""
    delivery_id: str
    payload: dict[str, Any]


@step
def ask_about(ctx: Context, ev: Delivered) -> InputRequestEvent:
    """Ask about what a webhook brought."""
    ctx.state.set("subject", ev.payload["subject"])
    return _question(str(ev.payload["subject"]))


webhook = Workflow("benchmark-webhook", [ask_about, finish])


def _question(subject: str) -> InputRequestEvent:
    return InputRequestEvent(
        "approve", subject, subject=subject, choices=["yes", "no"], groups=[GROUP]
    )


@cache
def _text(kilobytes: int) -> str:
    """Text that the database cannot compress away; the same in each run."""
    return Random(1).randbytes(kilobytes * 512).hex()  # noqa: S311 - no secret
