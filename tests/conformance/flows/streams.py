"""Workflows of section B: what watchers of a run see."""

import asyncio

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    ProgressEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

# 10, 11


class Told(Event):
    number: int


@step
async def tell_three(ctx: Context, ev: StartEvent) -> StopEvent:
    for number in (1, 2, 3):
        ctx.write_event_to_stream(Told(number=number))
    await asyncio.sleep(1.0)
    return StopEvent(result="told")


telling = Workflow("b-telling", [tell_three])

# 13, 14


@step
async def tell_many(ctx: Context, ev: StartEvent) -> StopEvent:
    for number in range(1, 1001):
        ctx.write_event_to_stream(ProgressEvent(current=number, total=1000))
        if number % 100 == 0:
            await asyncio.sleep(0.02)
    return StopEvent(result="told")


telling_much = Workflow("b-telling-much", [tell_many])

# 15


@step
def break_down(ctx: Context, ev: StartEvent) -> StopEvent:
    raise ValueError("It broke.")


breaking = Workflow("b-breaking", [break_down])

# 16


@step(timeout=0.3)
async def dawdle(ctx: Context, ev: StartEvent) -> StopEvent:
    await asyncio.sleep(20)
    return StopEvent()


@step
async def idle(ctx: Context, ev: StartEvent) -> StopEvent:
    await asyncio.sleep(20)
    return StopEvent()


late_step = Workflow("b-late-step", [dawdle])
late_run = Workflow("b-late-run", [idle], timeout=0.3)

# 17


@step
async def nap(ctx: Context, ev: StartEvent) -> StopEvent:
    await asyncio.sleep(1.0)
    return StopEvent(result="rested")


napping = Workflow("b-napping", [nap])

# 12, 18


@step
def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    ctx.write_event_to_stream(Told(number=0))
    return InputRequestEvent("go-on", "Go on?")


@step
def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent(result=ev.response)


asking = Workflow("b-asking", [ask, end])
