"""One question under a policy of the test's own, alone or in a run that talks meanwhile."""

from typing import Any

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    ProgressEvent,
    ReviewPolicy,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "title": "Amount", "maximum": 500},
        "urgent": {"type": "boolean", "title": "Urgent"},
        "note": {
            "type": "string",
            "title": "Note",
            "x-ui": {"widget": "textarea"},
        },
    },
    "required": ["amount"],
}


class Wanted(StartEvent):
    """What is asked, and under which policy."""

    subject: str = "Refund order 1042"
    prompt: str = "May this be done?"
    approvals: int = 1
    undo_seconds: float = 5
    due_in: float | None = None
    on_due: str | None = None
    claim: str = "none"
    confirm: bool | str = False


@step
def ask(ctx: Context, ev: Wanted) -> InputRequestEvent:
    """Ask once."""
    return question(ev)


def question(ev: Wanted) -> InputRequestEvent:
    return InputRequestEvent(
        "question",
        ev.prompt,
        subject=ev.subject,
        schema=SCHEMA,
        proposed={"amount": 120, "note": ""},
        outcomes=outcomes(confirm=ev.confirm),
        policy=policy(ev),
    )


def outcomes(*, confirm: bool | str) -> list[Outcome]:
    """Approve is plain, reject needs a reason, delete may have to be confirmed."""
    return [
        Outcome("approve", "Approve", "primary"),
        Outcome("reject", "Reject", "danger", needs_reason=True),
        Outcome(
            "delete",
            "Delete",
            "danger",
            needs_reason=True,
            confirm=confirm,
            effect="The order is gone for ever.",
        ),
    ]


def policy(ev: Wanted) -> ReviewPolicy:
    given: dict[str, Any] = {
        "approvals": ev.approvals,
        "undo_seconds": ev.undo_seconds,
        "due_in": ev.due_in,
        "on_due": ev.on_due,
        "claim": ev.claim,
    }
    return ReviewPolicy(**given)


@step
def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with what was decided."""
    return StopEvent(result={"outcome": ev.outcome, "answer": ev.response})


decides = Workflow("decides", [ask, end])


class Asked(Event):
    """Somebody wants to hear more."""


@step
def ask_both(ctx: Context, ev: Wanted) -> list[InputRequestEvent]:
    """Ask, and ask beside it whether anybody wants to hear more."""
    subject = f"More about {ev.subject}"
    return [
        question(ev),
        InputRequestEvent("more", "More?", subject=subject, respond_as=Asked),
    ]


@step
def talk(ctx: Context, ev: Asked) -> None:
    """Tell a lot."""
    for number in range(200):
        ctx.write_event_to_stream(ProgressEvent(message=f"Line {number}"))


talks = Workflow("talks", [ask_both, talk, end])
