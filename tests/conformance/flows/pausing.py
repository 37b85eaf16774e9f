"""Workflows of section D: paused, taken elsewhere, resumed."""

import asyncio

from workflows_app.engine import (
    HARD_ERROR,
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    SessionValueLost,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

# 38 to 40, 42, 45 to 47: a slow step, and what follows from it


class Done(Event):
    value: str


@step
async def work_slowly(ctx: Context, ev: StartEvent) -> Done:
    ctx.state.set("before", "kept")
    ctx.state.increment("begun")
    await asyncio.sleep(0.5)
    return Done(value="worked")


@step
def go_on(ctx: Context, ev: Done) -> StopEvent:
    ctx.state.increment("ended")
    times = [ctx.state["begun"], ctx.state["ended"]]
    return StopEvent(result=[ev.value, ctx.state["before"], times])


two_steps = Workflow("d-two-steps", [work_slowly, go_on])
TWO_STEPS = ["worked", "kept", [1, 1]]
"""What a run of it results in, when each step was committed once."""

# 41: a step that is interrupted in its first attempt


@step
async def be_interrupted(ctx: Context, ev: StartEvent) -> StopEvent:
    if ctx.attempt == 1:
        await asyncio.sleep(25)
    return StopEvent(result=[ev.to_dict(), ctx.attempt])


interrupted = Workflow("d-interrupted", [be_interrupted])

# 43, 44: questions


@step
def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    ctx.state.increment("asked")
    return InputRequestEvent("ok", "Go on?", {"why": "the case"})


@step
def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    return StopEvent(result=[ctx.state["asked"], ev.response])


@step
def ask_both(ctx: Context, ev: StartEvent) -> list[InputRequestEvent]:
    return [InputRequestEvent("left", "Left?"), InputRequestEvent("right", "Right?")]


@step
def hear_both(ctx: Context, ev: InputResponseEvent) -> StopEvent | None:
    ctx.state.append("heard", [ev.request_id, ev.response])
    both = ctx.collect_events(ev, 2)
    return StopEvent(result=ctx.state["heard"]) if both else None


asking = Workflow("d-asking", [ask, end])
asking_both = Workflow("d-asking-both", [ask_both, hear_both])

# 48: an object that no snapshot can take


@step
def open_socket(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    ctx.session.set("socket", object())
    return InputRequestEvent("ok", "Go on?")


@step
def use_socket(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    try:
        ctx.session.get("socket")
    except SessionValueLost as lost:
        return StopEvent(result=f"lost {lost.key}")
    return StopEvent(result="there")


with_session = Workflow("d-session", [open_socket, use_socket])
with_strict_session = Workflow(
    "d-strict-session", [open_socket, use_socket], session_pause_policy=HARD_ERROR
)
