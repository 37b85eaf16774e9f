"""Workflows small enough to see what the kit does with them."""

import threading

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    Retry,
    ReviewPolicy,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

YES, NO = Outcome("yes", style="primary"), Outcome("no", "No", "danger")


class Question(StartEvent):
    """What to ask, and how long."""

    text: str = "Well?"
    hours: int = 2


@step
def ask(ctx: Context, ev: Question) -> InputRequestEvent:
    ctx.state.set("text", ev.text)
    policy = ReviewPolicy(groups=["reviewers"], due_in=3600 * ev.hours, on_due="no")
    return InputRequestEvent(
        "well", ev.text, {"n": 1}, outcomes=[YES, NO], policy=policy
    )


@step
def tell(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent(result=ev.outcome)


asking = Workflow("kit-asking", [ask, tell])


@step
def ask_both(ctx: Context, ev: StartEvent) -> list[InputRequestEvent]:
    return [InputRequestEvent("a"), InputRequestEvent("b")]


@step
def count(ctx: Context, ev: InputResponseEvent) -> StopEvent | None:
    """Reads before it writes, so two at the same time get in each other's way."""
    number = ctx.state.get("number", 0) + 1
    ctx.state.set("number", number)
    return StopEvent(result=number) if number == 2 else None


counting = Workflow("kit-counting", [ask_both, count])


class Tried(Event):
    """The first step has worked."""


@step(retry=Retry(3, initial=60, jitter=False))
def work(ctx: Context, ev: StartEvent) -> Tried:
    ctx.write_event_to_stream(Event("note", attempt=ctx.attempt))
    ctx.state.increment("tries")
    return Tried()


@step
def stop(ctx: Context, ev: Tried) -> StopEvent:
    return StopEvent(result=ctx.state["tries"])


working = Workflow("kit-working", [work, stop])


class Blocked(StartEvent):
    """What the step writes into while it blocks."""

    limit: float = 60


answers: list[str] = []


@step
def block(ctx: Context, ev: Blocked) -> StopEvent | None:
    """Wait for somebody to append an answer."""
    pause = threading.Event()
    with ctx.waiting("an answer", limit=ev.limit):
        while not answers and not ctx.cancelled():
            pause.wait(0.01)
    return StopEvent(result=answers[0]) if answers else None


blocking = Workflow("kit-blocking", [block])

done_in_memory: list[str] = []


@step
def forget(ctx: Context, ev: StartEvent) -> StopEvent:
    """Do something that a second attempt does again: a mistake of its author."""
    done_in_memory.append("posted")
    return StopEvent(result=len(done_in_memory))


forgetful = Workflow("kit-forgetful", [forget])
