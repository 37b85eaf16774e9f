"""Workflows of section C: people who are asked, and what they answer."""

import asyncio

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

# 19, 21, 37: one question


@step
def ask_name(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent("req-1", "What is your name?", {"why": "to greet you"})


@step
def answer(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent(result=ev.response)


@step
def ask_anonymously(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent(prompt="What is your name?")


asking = Workflow("c-asking", [ask_name, answer])
asking_anonymously = Workflow("c-asking-anonymously", [ask_anonymously, answer])

# 20: three ways to ask


@step
def list_question(ctx: Context, ev: StartEvent) -> list[InputRequestEvent]:
    return [InputRequestEvent("req-1", "What is your name?", {"why": "to greet you"})]


@step(emits=InputRequestEvent)
def send_question(ctx: Context, ev: StartEvent) -> None:
    ctx.send_event(
        InputRequestEvent("req-1", "What is your name?", {"why": "to greet you"})
    )


asking_in_all_ways = [
    asking,
    Workflow("c-asking-in-a-list", [list_question, answer]),
    Workflow("c-asking-by-sending", [send_question, answer]),
]

# 22: two questions at once


@step
def ask_both(ctx: Context, ev: StartEvent) -> list[InputRequestEvent]:
    return [
        InputRequestEvent("first", "The first?"),
        InputRequestEvent("second", "The second?"),
    ]


@step
async def hear_both(ctx: Context, ev: InputResponseEvent) -> StopEvent | None:
    ctx.state.append("heard", [ev.request_id, ev.response, ev.request["prompt"]])
    if ev.request_id == "second":
        await asyncio.sleep(1.0)
    both = ctx.collect_events(ev, 2)
    return StopEvent(result=ctx.state["heard"]) if both else None


asking_both = Workflow("c-asking-both", [ask_both, hear_both])

# 23 to 29, 32, 34, 35: one question after another


@step
def ask_first(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent("first", "The first?")


@step
def hear(ctx: Context, ev: InputResponseEvent) -> InputRequestEvent | StopEvent:
    ctx.state.append("heard", [ev.request_id, ev.response])
    if ev.request_id == "first":
        return InputRequestEvent("second", "The second?")
    return StopEvent(result=ctx.state["heard"])


two_rounds = Workflow("c-two-rounds", [ask_first, hear])

# 30: one branch asks, the other goes on


class Hop(Event):
    number: int


@step
def ask_and_hop(ctx: Context, ev: StartEvent) -> list[InputRequestEvent | Hop]:
    return [InputRequestEvent("wait", "Go on?"), Hop(number=1)]


@step
def hop(ctx: Context, ev: Hop) -> Hop | None:
    ctx.state.increment("hops")
    return Hop(number=ev.number + 1) if ev.number < 20 else None


@step
def count_hops(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent(result=ctx.state["hops"])


hopping = Workflow("c-hopping", [ask_and_hop, hop, count_hops])

# 31

asking_in_a_hurry = Workflow("c-asking-in-a-hurry", [ask_name, answer], timeout=1.0)

# 33


@step
def ask_approval(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent(
        "approve",
        "May we?",
        schema={
            "type": "object",
            "properties": {"approved": {"type": "boolean"}},
            "required": ["approved"],
        },
    )


asking_for_a_boolean = Workflow("c-asking-for-a-boolean", [ask_approval, answer])

# 34


class Escalate(Event):
    pass


@step
def ask_briefly(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent("soon", "Soon?", expires_in=1, on_expire=Escalate())


@step
def escalate(ctx: Context, ev: Escalate) -> InputRequestEvent:
    ctx.state.increment("escalated")
    return InputRequestEvent("boss", "The boss?")


@step
def hear_boss(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent(result=[ev.request_id, ctx.state["escalated"]])


@step
def ask_once(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent("soon", "Soon?", expires_in=1)


escalating = Workflow("c-escalating", [ask_briefly, escalate, hear_boss])
expiring = Workflow("c-expiring", [ask_once, answer])

# 35


class Ending(StartEvent):
    how: str


class Go(Event):
    how: str


@step
def ask_and_go(ctx: Context, ev: Ending) -> list[InputRequestEvent | Go]:
    return [InputRequestEvent("open", "Still there?"), Go(how=ev.how)]


@step
def go(ctx: Context, ev: Go) -> StopEvent | None:
    if ev.how == "failed":
        raise ValueError("It broke.")
    return StopEvent() if ev.how == "completed" else None


ending = Workflow("c-ending", [ask_and_go, go, answer])
