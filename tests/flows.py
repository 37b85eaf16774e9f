"""Tiny workflows for tests."""

from workflows_app.engine import (
    Block,
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

APPROVE = Outcome("approve", "Approve", "primary")
REJECT = Outcome("reject", "Reject", "danger", needs_reason=True)


class Asked(StartEvent):
    """What a test run is started with."""

    subject: str = "Deploy api 4.2?"
    groups: list[str] = []


@step
def ask(ctx: Context, ev: Asked) -> InputRequestEvent:
    """Ask whether a thing may be done."""
    ctx.state.set("subject", ev.subject)
    return InputRequestEvent(
        "approve",
        f"May this be done: **{ev.subject}**",
        subject=ev.subject,
        display=[Block("fields", {"subject": ev.subject}, "About")],
        schema={
            "type": "object",
            "properties": {
                "amount": {"type": "integer", "title": "Amount", "maximum": 500},
                "note": {"type": "string", "title": "Note"},
            },
            "required": ["amount"],
        },
        proposed={"amount": 120},
        outcomes=[APPROVE, REJECT],
        groups=ev.groups,
    )


@step
async def decide(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with what was decided."""
    return StopEvent(
        result={
            "subject": ctx.state.get("subject"),
            "outcome": ev.outcome,
            "answer": ev.response,
        }
    )


approval = Workflow("approval", [ask, decide])


class Left(Event):
    """Goes to the left branch."""


class Right(Event):
    """Goes to the right branch."""


@step
def split(ctx: Context, ev: StartEvent) -> list[Left | Right]:
    """Go both ways at once."""
    return [Left(), Right()]


@step
def ask_left(ctx: Context, ev: Left) -> InputRequestEvent:
    """Ask on the left."""
    return InputRequestEvent("left", "Left?", choices=["yes", "no"])


@step
def ask_right(ctx: Context, ev: Right) -> InputRequestEvent:
    """Ask on the right."""
    return InputRequestEvent("right", "Right?", choices=["yes", "no"])


@step
def join(ctx: Context, ev: InputResponseEvent) -> StopEvent | None:
    """End when both have been answered."""
    ctx.state.append("answers", f"{ev.request_id}:{ev.response}")
    answers = ctx.state.get("answers")
    return StopEvent(result=sorted(answers)) if len(answers) == 2 else None


two_branches = Workflow("two-branches", [split, ask_left, ask_right, join])


@step
def ask_soon(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask what must be answered within a minute."""
    return InputRequestEvent("well", "Well?", expires_in=60)


hurried = Workflow("hurried", [ask_soon, decide])


class Paid(Event):
    """The bank tells that the money is there."""

    external = True
    amount: int


class Settled(Event):
    """Only a step may say this."""


@step
def bill(ctx: Context, ev: StartEvent) -> None:
    """Ask for the money, and wait for it."""


@step
def book(ctx: Context, ev: Paid) -> Settled:
    """Count what has come."""
    ctx.state.increment("paid", ev.amount)
    return Settled()


@step
def settle(ctx: Context, ev: Settled) -> StopEvent | None:
    """End when it is enough."""
    return StopEvent(result=ctx.state["paid"]) if ctx.state["paid"] >= 10 else None


billing = Workflow("billing", [bill, book, settle])


@step
def ask_to_wait(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask whether to wait any longer."""
    return InputRequestEvent("wait", "Wait?", choices=["yes", "no"])


@step
def end_with_first(ctx: Context, ev: InputResponseEvent | Paid) -> StopEvent:
    """End with what came first."""
    return StopEvent(result=ev.event_type)


dunning = Workflow("dunning", [ask_to_wait, end_with_first])
