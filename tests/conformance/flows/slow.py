"""Workflows of section E: steps that are slow, and steps that block."""

import asyncio
import time
from pathlib import Path

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

# 49 to 51


@step(timeout=0.3)
async def oversleep(ctx: Context, ev: StartEvent) -> StopEvent:
    await asyncio.sleep(5)
    return StopEvent()


@step(timeout=2.0)
async def be_in_time(ctx: Context, ev: StartEvent) -> StopEvent:
    await asyncio.sleep(0.2)
    return StopEvent(result="in time")


@step
async def sleep_long(ctx: Context, ev: StartEvent) -> StopEvent:
    await asyncio.sleep(5)
    return StopEvent()


oversleeping = Workflow("e-oversleeping", [oversleep])
in_time = Workflow("e-in-time", [be_in_time])
slow_run = Workflow("e-slow-run", [sleep_long], timeout=0.3)

# 52, 53


@step(timeout=0.5)
def block(ctx: Context, ev: StartEvent) -> StopEvent:
    time.sleep(5)  # noqa: TID251 - the case
    return StopEvent()


@step(timeout=0.5)
async def block_loop(ctx: Context, ev: StartEvent) -> StopEvent:
    time.sleep(5)  # noqa: ASYNC251, TID251 - the case
    return StopEvent()


blocking = Workflow("e-blocking", [block])
blocking_loop = Workflow("e-blocking-loop", [block_loop])


class Hold(StartEvent):
    """The file that ends it."""

    end: str


@step(timeout=60)
async def hold_loop(ctx: Context, ev: Hold) -> StopEvent:
    while not Path(ev.end).exists():  # noqa: ASYNC240 - the case
        time.sleep(0.01)  # noqa: ASYNC251, TID251 - the case
    return StopEvent(result="let go")


holding_loop = Workflow("e-holding-loop", [hold_loop])


class Written(Event):
    text: str


@step
async def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    ctx.write_event_to_stream(Written(text="before"))
    return InputRequestEvent("ok", "Go on?")


@step
async def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    ctx.write_event_to_stream(Written(text="after"))
    return StopEvent(result=ev.response)


asking = Workflow("e-asking", [ask, end])

# 54


class Block(Event):
    """Blocks a thread."""


class BlockLoop(Event):
    """Blocks a loop."""


@step
def begin(ctx: Context, ev: StartEvent) -> list[Block | BlockLoop]:
    return [Block(), BlockLoop()] * 4


@step
def block_one(ctx: Context, ev: Block) -> StopEvent:
    time.sleep(8)  # noqa: TID251 - the case
    return StopEvent()


@step
async def block_one_loop(ctx: Context, ev: BlockLoop) -> StopEvent:
    time.sleep(8)  # noqa: ASYNC251, TID251 - the case
    return StopEvent()


blocking_all = Workflow(
    "e-blocking-all", [begin, block_one, block_one_loop], timeout=2.0
)

# 55


class Piece(Event):
    number: int


@step
def hand_out(ctx: Context, ev: StartEvent) -> list[Piece]:
    return [Piece(number=number) for number in range(6)]


class Taken(Event):
    number: int


@step(max_concurrency=2, timeout=1.5)
async def take_turns(ctx: Context, ev: Piece) -> Taken:
    await asyncio.sleep(0.8)
    return Taken(number=ev.number)


@step
def put_together(ctx: Context, ev: list[Taken]) -> StopEvent:
    return StopEvent(result=[taken.number for taken in ev])


queueing = Workflow("e-queueing", [hand_out, take_turns, put_together])
