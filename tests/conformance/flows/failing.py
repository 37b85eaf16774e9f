"""Workflows of section F: steps that fail, and workers that die."""

import asyncio
import os

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Retry,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    Workflow,
    step,
)

# 57


class OddWeatherError(Exception):
    """Raised by a step."""


@step
def rain(ctx: Context, ev: StartEvent) -> StopEvent:
    raise OddWeatherError("It rains upwards.")


raining = Workflow("f-raining", [rain])

# 58

TRY_AGAIN = Retry(max_attempts=3, initial=0.05)


@step(retry=TRY_AGAIN)
def fail_twice(ctx: Context, ev: StartEvent) -> StopEvent:
    ctx.state.set(f"left by {ctx.attempt}", True)
    if ctx.attempt <= 2:
        raise OddWeatherError(f"Attempt {ctx.attempt}.")
    return StopEvent(result=[ctx.attempt, ctx.state.keys()])


@step(retry=TRY_AGAIN)
def fail_always(ctx: Context, ev: StartEvent) -> StopEvent:
    raise OddWeatherError(f"Attempt {ctx.attempt}.")


failing_twice = Workflow("f-failing-twice", [fail_twice])
failing_always = Workflow("f-failing-always", [fail_always])

# 59


class Again(Event):
    pass


@step
def break_down(ctx: Context, ev: StartEvent) -> StopEvent:
    raise OddWeatherError("It broke.")


@step
def break_again(ctx: Context, ev: Again) -> StopEvent:
    raise OddWeatherError("It broke again.")


@step
def recover(ctx: Context, ev: StepFailedEvent) -> StopEvent:
    return StopEvent(result=[ev.step_name, ev.message, ev.attempts])


@step
def begin_again(ctx: Context, ev: StepFailedEvent) -> Again:
    return Again()


@step
async def sleep_long(ctx: Context, ev: StartEvent) -> StopEvent:
    await asyncio.sleep(5)
    return StopEvent()


recovering = Workflow("f-recovering", [break_down, recover])
beginning_again = Workflow("f-beginning-again", [break_down, begin_again, break_again])
late_with_handler = Workflow("f-late", [sleep_long, recover], timeout=0.3)

# 60


class Work(Event):
    pass


@step
def ask_and_work(ctx: Context, ev: StartEvent) -> list[InputRequestEvent | Work]:
    return [InputRequestEvent("open", "Still there?"), Work()]


@step
async def work(ctx: Context, ev: Work) -> StopEvent:
    await asyncio.sleep(5)
    return StopEvent()


@step
def hear(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent()


working = Workflow("f-working", [ask_and_work, work, hear])

# 61


class Working(Event):
    """What the step says while it works: who runs the executor that it is in."""

    worker: int


@step
async def survive(ctx: Context, ev: StartEvent) -> StopEvent:
    ctx.state.increment("begun")
    ctx.write_event_to_stream(Working(worker=os.getppid()))
    if ctx.attempt == 1:
        await asyncio.sleep(60)
    return StopEvent(result=[ctx.attempt, ctx.state["begun"]])


surviving = Workflow("f-surviving", [survive])
