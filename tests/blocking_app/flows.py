"""Workflows whose steps block in every way there is, for tests with real workers."""

import asyncio
import ctypes
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from workflows_app.engine import (
    Context,
    Event,
    ProgressEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.steps import Step


class Go(StartEvent):
    """How to block, and for how long."""

    how: str = "sleep"
    seconds: float = 5.0


class Hold(StartEvent):
    """From when to block, and how long: until the test makes these files."""

    begin: str = "."
    end: str


def hold(end: str) -> None:
    """Block the thread until the test lets it go."""
    while not Path(end).exists():
        time.sleep(0.01)  # noqa: TID251 - what authors do


async def until(begin: str) -> None:
    """Leave the loop to others until the test gives the word."""
    while not Path(begin).exists():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.01)


def block(how: str, seconds: float) -> None:
    """Block the thread, and the interpreter too, if it is to be so."""
    match how:
        case "sleep":
            time.sleep(seconds)  # noqa: TID251 - what authors do
        case "loop":
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                pass
        case "power":
            assert 7**4_000_000  # some seconds of C code that holds the lock
        case "regex":
            assert not re.fullmatch(r"(a+)+b", "a" * 28)  # some seconds, too
        case _:
            raise ValueError(how)


@step(timeout=0.5)
def sync_step(ctx: Context, ev: Go) -> StopEvent:
    """Blocks its thread."""
    block(ev.how, ev.seconds)
    return StopEvent(result="done")


@step(timeout=0.5)
async def async_step(ctx: Context, ev: Go) -> StopEvent:
    """Blocks the loop it runs on."""
    block(ev.how, ev.seconds)
    return StopEvent(result="done")


@step(timeout=0.5)
async def deaf_step(ctx: Context, ev: Go) -> StopEvent:
    """Does not stop when it is cancelled."""
    until = time.monotonic() + ev.seconds
    while time.monotonic() < until:
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            continue
    return StopEvent(result="done")


@step(timeout=0.3)
async def patient_step(ctx: Context, ev: Go) -> StopEvent:
    """Sleeps as an async step should."""
    await asyncio.sleep(ev.seconds)
    return StopEvent(result="done")


@step(timeout=0.5, isolation="process")
def own_step(ctx: Context, ev: Go) -> StopEvent:
    """Blocks a process of its own."""
    block(ev.how, ev.seconds)
    return StopEvent(result="done")


def single(name: str, body: Step, **options: Any) -> Workflow:
    """A workflow of one step."""
    return Workflow(name, [body], **options)


single("sync-blocked", sync_step)
single("async-blocked", async_step)
single("deaf", deaf_step)
single("patient", patient_step)
single("own-blocked", own_step)


@step(timeout=60)
def long_step(ctx: Context, ev: Go) -> StopEvent:
    """Blocks longer than its workflow may take."""
    block(ev.how, ev.seconds)
    return StopEvent(result="done")


single("run-blocked", long_step, timeout=0.5)


@step
async def quick_step(ctx: Context, ev: StartEvent) -> Event:
    """Tells its watchers something, and goes on."""
    for number in range(3):
        ctx.write_event_to_stream(ProgressEvent(message=f"{number}"))
        await asyncio.sleep(0.01)
    return Event("half")


@step(accepts="half")
async def last_step(ctx: Context, ev: Event) -> StopEvent:
    """Ends."""
    return StopEvent(result=os.getpid())


Workflow("quick", [quick_step, last_step])


@step(timeout=60)
def slow_once(ctx: Context, ev: Go) -> StopEvent:
    """Takes long in its first attempt only."""
    if ctx.attempt == 1:
        block("sleep", ev.seconds)
    return StopEvent(result=ctx.attempt)


single("slow-once", slow_once)


@step(timeout=60)
async def abortable(ctx: Context, ev: Go) -> StopEvent:
    """Says where its body is, until it is asked to stop."""
    try:
        await asyncio.sleep(ev.seconds)
    finally:
        Path(ev.how).write_text("stopped")  # noqa: ASYNC240
    return StopEvent(result="done")


single("abortable", abortable)


@step(timeout=3.0)
async def bystander(ctx: Context, ev: Hold) -> StopEvent:
    """Needs little time of its own, on a loop that another step may block."""
    await until(ev.begin)
    await asyncio.sleep(0.1)
    return StopEvent(result="done")


@step(timeout=60)
async def loop_hog(ctx: Context, ev: Hold) -> StopEvent:
    """Blocks the loop from a task of its own, within its limit."""

    async def hog() -> None:
        await until(ev.begin)
        hold(ev.end)

    await asyncio.create_task(hog())
    return StopEvent(result="done")


single("bystander", bystander)
single("loop-hog", loop_hog)


@step(timeout=2.0)
def waits(ctx: Context, ev: Hold) -> StopEvent:
    """Waits for a person in its own way, longer than it may work."""
    with ctx.waiting("Slack approval"):
        hold(ev.end)
    return StopEvent(result=ctx.time_left())


single("waits", waits, timeout=2.5)


@step(timeout=60)
def waits_briefly(ctx: Context, ev: Go) -> StopEvent:
    """Waits for a person, up to a limit."""
    with ctx.waiting("Slack approval", limit=0.3):
        block("sleep", ev.seconds)
    return StopEvent(result="done")


single("waits-briefly", waits_briefly)


@step(isolation="process")
async def own_process(ctx: Context, ev: Go) -> StopEvent:
    """All that a context can do, in a process of its own."""
    ctx.state.increment("visits")
    ctx.write_event_to_stream(ProgressEvent(message="here"))
    parent = await ctx.once("parent", asyncio.to_thread, os.getppid)
    assert ctx.once("sum", sum, [1, 2]) == 3
    with ctx.waiting("nobody"):
        assert await asyncio.to_thread(User.objects.count) == 0
    return StopEvent(result=[os.getpid(), parent])


single("own-process", own_process)


@step(isolation="process")
async def own_question(ctx: Context, ev: Go) -> StopEvent:
    """Asks a person from a process of its own."""
    return StopEvent(result=await ctx.request_input("name", "Your name?"))


single("own-question", own_question)


@step(isolation="process")
def dies_once(ctx: Context, ev: Go) -> StopEvent:
    """Ends its process in its first attempt, in one way or another."""
    if ctx.attempt == 1:
        ctx.write_event_to_stream(ProgressEvent(message="farewell"))
        _die(ev.how)
    return StopEvent(result=ctx.attempt)


def _die(how: str) -> None:
    match how:
        case "exit":
            os._exit(0)
        case "segfault":
            ctypes.string_at(0)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            raise ValueError(how)


single("dies-once", dies_once)
