"""An attempt from its start to its commit: limits, what it tells, what is committed."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from threading import Event as Gate
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from tests.factories import start_run
from tests.runtime.test_execute import claim
from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    ProgressEvent,
    Retry,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.body import Ended
from workflows_app.engine.context import Link
from workflows_app.engine.ticks import Aborted, Tick
from workflows_app.models import Run, RunEvent
from workflows_app.runtime.transition import Applied, apply
from workflows_app.runtime.worker.attempt import RunningAttempt
from workflows_app.runtime.worker.database import DatabaseThreads
from workflows_app.runtime.worker.execute import Bodies, BodyLost, Granted, RunningBody

pytestmark = pytest.mark.django_db(transaction=True)


DATABASE = DatabaseThreads(1)
"""For all tests; between them it has no connection."""


@pytest.fixture(autouse=True)
def _hang_up(transactional_db: None) -> Iterator[None]:
    def hang_up() -> None:
        connection.close()

    yield
    asyncio.run(DATABASE.run(hang_up))


class Bench:
    """The host of an attempt: an executor without a queue and without a supervisor."""

    def __init__(self) -> None:
        self.bodies = Bodies()
        self.reported: list[str] = []
        self.running: list[RunningAttempt] = []

    def start(
        self, granted: Granted, link: Link, begun: Callable[[], None]
    ) -> RunningBody:
        return self.bodies.start(granted, link)

    def rescue(self, running: RunningBody) -> None:
        self.bodies.rescue(running)

    async def apply(
        self, granted: Granted, tick: Tick, *, claims: bool = False
    ) -> Applied:
        applied = await DATABASE.run(apply, granted.run_id, tick)
        for attempt in self.running:
            attempt.watch.learn(applied)
        return applied

    def report(self, kind: str, granted: Granted, **more: object) -> None:
        self.reported.append(kind)

    async def run(self, granted: Granted) -> None:
        attempt = RunningAttempt(self, granted)
        self.running.append(attempt)
        await attempt.finish()


async def run_one(workflow: Workflow, bench: Bench | None = None) -> UUID:
    """Run the first attempt of a new run's first call to its end."""
    run_id: UUID = await sync_to_async(start_run)(workflow)
    granted = await sync_to_async(claim)(run_id, 1)
    await (bench or Bench()).run(granted)
    return run_id


@sync_to_async
def kinds(run_id: UUID) -> list[str]:
    rows = RunEvent.objects.filter(run_id=run_id).order_by("number")
    return list(rows.values_list("kind", flat=True))


@sync_to_async
def status(run_id: UUID) -> str:
    return Run.objects.get(pk=run_id).status


@sync_to_async
def body_of(run_id: UUID, kind: str) -> dict[str, Any]:
    line = RunEvent.objects.filter(run_id=run_id, kind=kind).latest("number")
    content: dict[str, Any] = line.content
    return content


# What it tells while it works


async def test_lines_are_stored_in_order_before_the_step_is_completed() -> None:
    @step
    def works(ctx: Context, ev: StartEvent) -> StopEvent:
        for number in range(250):
            ctx.write_event_to_stream(ProgressEvent(message=str(number)))
        return StopEvent()

    run_id = await run_one(Workflow("writes", [works]))

    found = await kinds(run_id)
    assert found[2:] == [
        "step_started",
        *["progress"] * 250,
        "step_completed",
        "run_completed",
    ]
    rows = RunEvent.objects.filter(run_id=run_id, kind="progress").order_by("number")
    messages = [row.content["event"]["message"] async for row in rows]
    assert messages == [str(number) for number in range(250)]


async def test_what_is_remembered_is_stored_before_the_body_goes_on() -> None:
    stored: list[list[str]] = []

    @step(retry=Retry(2, initial=0.01))
    def works(ctx: Context, ev: StartEvent) -> StopEvent:
        assert ctx.once("charge", lambda: 5) == 5
        stored.append(list(Run.objects.values_list("state", flat=True)))
        raise ValueError("after the charge")

    await run_one(Workflow("charges", [works]))

    assert '"once:charge":"5"' in stored[0][0]


async def test_a_wait_is_told_between_the_lines_around_it() -> None:
    @step
    async def waits(ctx: Context, ev: StartEvent) -> StopEvent:
        ctx.write_event_to_stream(ProgressEvent(message="before"))
        with ctx.waiting("Slack approval"):
            await asyncio.sleep(0)
        ctx.write_event_to_stream(ProgressEvent(message="after"))
        return StopEvent()

    found = await kinds(await run_one(Workflow("waits", [waits])))

    told = [kind for kind in found if kind.startswith(("progress", "step_w"))]
    assert told == ["progress", "step_waiting", "step_went_on", "progress"]


# Limits


async def test_a_step_is_cut_at_its_limit_and_asked_to_stop() -> None:
    stopped: list[bool] = []

    @step(timeout=0.1)
    async def sleeps(ctx: Context, ev: StartEvent) -> StopEvent:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(ctx.cancelled())
        return StopEvent()

    bench = Bench()
    run_id = await run_one(Workflow("sleeps", [sleeps]), bench)

    told = await body_of(run_id, "step_timed_out")
    assert (told["limit_seconds"], told["attempt"]) == (0.1, 1)
    assert 0.1 <= told["elapsed_seconds"] < 1
    assert stopped == [True]
    assert bench.reported == ["cut"]


async def test_a_sync_step_sees_that_it_was_cut_and_what_it_does_then_does_not_count() -> (
    None
):
    @step(timeout=0.1, retry=Retry(2, initial=60))
    def looks(ctx: Context, ev: StartEvent) -> StopEvent:
        pause = Gate()
        while not ctx.cancelled():
            pause.wait(0.01)
        return StopEvent(result="too late")

    run_id = await run_one(Workflow("looks", [looks]))

    assert (await kinds(run_id))[-1] == "step_discarded"
    assert await status(run_id) == "running"


async def test_waiting_does_not_count_as_work() -> None:
    @step(timeout=0.2)
    async def waits(ctx: Context, ev: StartEvent) -> StopEvent:
        with ctx.waiting("people"):
            await asyncio.sleep(0.4)
        return StopEvent()

    run_id = await run_one(Workflow("patient", [waits], timeout=0.3))

    assert await status(run_id) == "completed"


async def test_a_wait_has_its_own_limit() -> None:
    @step(timeout=60)
    async def waits(ctx: Context, ev: StartEvent) -> StopEvent:
        with ctx.waiting("people", limit=0.1):
            await asyncio.sleep(60)
        return StopEvent()

    run_id = await run_one(Workflow("brief", [waits]))

    assert (await body_of(run_id, "step_timed_out"))["limit_seconds"] == 0.1


async def test_a_run_is_over_when_its_active_time_is() -> None:
    @step(timeout=60)
    async def sleeps(ctx: Context, ev: StartEvent) -> StopEvent:
        await asyncio.sleep(60)
        return StopEvent()

    run_id = await run_one(Workflow("limited", [sleeps], timeout=0.1))

    assert await status(run_id) == "timed_out"
    assert (await body_of(run_id, "run_timed_out"))["scope"] == "workflow"


async def test_a_run_is_over_at_its_deadline_also_while_it_waits() -> None:
    @step(timeout=60)
    async def waits(ctx: Context, ev: StartEvent) -> StopEvent:
        assert ctx.deadline is not None
        with ctx.waiting("people"):
            await asyncio.sleep(60)
        return StopEvent()

    run_id = await run_one(Workflow("mortal", [waits], deadline=0.2))

    assert (await body_of(run_id, "run_timed_out"))["scope"] == "deadline"


async def test_a_limit_that_only_this_process_believes_in_cuts_nobody() -> None:
    @step
    async def works(ctx: Context, ev: StartEvent) -> StopEvent:
        await asyncio.sleep(0.2)
        return StopEvent()

    run_id: UUID = await sync_to_async(start_run)(Workflow("believes", [works]))
    granted = await sync_to_async(claim)(run_id, 1)
    wrong = replace(granted, start=replace(granted.start, run_limit=0.05))
    await Bench().run(wrong)

    assert await status(run_id) == "completed"


# Giving up


async def test_an_attempt_that_others_end_stops_and_changes_nothing() -> None:
    started = Gate()

    @step
    async def sleeps(ctx: Context, ev: StartEvent) -> StopEvent:
        started.set()
        await asyncio.sleep(60)
        return StopEvent()

    bench = Bench()
    running = asyncio.create_task(run_one(Workflow("aborted", [sleeps]), bench))
    await asyncio.to_thread(started.wait, 10)
    attempt = bench.running[0]
    applied = await bench.apply(attempt.granted, Aborted(reason="enough"))
    run_id = await asyncio.wait_for(running, 10)

    assert applied.state.status == await status(run_id) == "aborted"
    assert (await kinds(run_id))[-1] == "run_aborted"
    assert bench.reported == ["cut"]


async def test_news_from_before_an_attempt_do_not_end_it() -> None:
    gate = Gate()

    @step
    def works(ctx: Context, ev: StartEvent) -> StopEvent:
        assert gate.wait(10)
        return StopEvent()

    bench = Bench()
    run_id: UUID = await sync_to_async(start_run)(Workflow("old-news", [works]))
    granted = await sync_to_async(claim)(run_id, 1)
    running = asyncio.create_task(bench.run(granted))
    await asyncio.sleep(0)
    (attempt,) = bench.running
    old = await bench.apply(granted, Aborted())
    attempt.watch.is_fenced = False
    attempt.watch.learn(replace(old, at=granted.at))

    assert not attempt.watch.is_fenced
    gate.set()
    await running


async def test_a_body_whose_process_is_gone_is_lost() -> None:
    class Gone:
        """A body that was in another process."""

        has_begun = True
        is_stalled = False
        outcome: "Future[Ended]" = Future()

        def cancel(self) -> None: ...

        def redo(self, *_: Any) -> "Future[Ended]":
            raise NotImplementedError

        def close(self) -> None: ...

    class Elsewhere(Bench):
        def start(
            self, granted: Granted, link: Link, begun: Callable[[], None]
        ) -> RunningBody:
            Gone.outcome.set_exception(BodyLost("killed"))
            return Gone()

    @step
    def works(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent()

    run_id = await run_one(Workflow("left-alone", [works]), Elsewhere())

    assert (await body_of(run_id, "step_lost"))["losses"] == 1


async def test_a_body_that_another_one_keeps_from_working_is_done_again() -> None:
    gate, blocking = Gate(), Gate()

    @step(timeout=0.5)
    async def bystander(ctx: Context, ev: StartEvent) -> StopEvent:
        await asyncio.sleep(0.05)
        assert blocking.wait(10)
        return StopEvent()

    bench = Bench()
    run_id: UUID = await sync_to_async(start_run)(Workflow("stalled", [bystander]))
    granted = await sync_to_async(claim)(run_id, 1)
    running = asyncio.create_task(bench.run(granted))
    await asyncio.sleep(0)
    (attempt,) = bench.running
    body = attempt._body
    assert body is not None
    body.is_stalled = True  # type: ignore[misc]
    attempt.look()
    await asyncio.sleep(0.7)

    assert bench.reported == ["stall"]
    body.is_stalled = False  # type: ignore[misc]
    attempt.look()
    blocking.set()
    await running
    assert bench.reported == ["stall", "unstall", "done"]
    assert await status(run_id) == "completed"
    gate.set()


# The commit


async def test_only_the_function_of_a_mutation_runs_again_after_a_conflict() -> None:
    bodies: list[int] = []
    seen: list[int] = []
    inside, go_on = Gate(), Gate()

    def add(value: int) -> int:
        seen.append(value)
        return value + 1

    @step
    def begin(ctx: Context, ev: StartEvent) -> list[Event]:
        ctx.set("count", 10)
        return [Event("slow"), Event("fast")]

    @step(accepts="slow")
    def slow(ctx: Context, ev: Event) -> None:
        bodies.append(1)
        ctx.state.mutate("count", add)
        inside.set()
        assert go_on.wait(10)

    @step(accepts="fast")
    def fast(ctx: Context, ev: Event) -> None:
        ctx.state.increment("count", 100)

    run_id = await run_one(Workflow("mutates", [begin, slow, fast]))
    first = await sync_to_async(claim)(run_id, 2)
    second = await sync_to_async(claim)(run_id, 3)
    running = asyncio.create_task(Bench().run(first))
    await asyncio.to_thread(inside.wait, 10)
    await Bench().run(second)
    go_on.set()
    await running

    run = await Run.objects.aget(pk=run_id)
    value = await run.values.aget(key="count")
    assert value.text == "111"
    assert (seen, bodies) == ([10, 110], [1])
    assert "step_conflicted" not in await kinds(run_id)


async def test_what_cannot_be_committed_is_the_steps_failure() -> None:
    @step
    def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        ctx.send_event(InputRequestEvent("same", "Well?"))
        return InputRequestEvent("same", "And?")

    @step
    def takes(ctx: Context, ev: InputResponseEvent) -> StopEvent:
        return StopEvent()

    run_id = await run_one(Workflow("asks-twice", [ask, takes]))

    told = await body_of(run_id, "step_failed")
    assert told["error_type"] == "DuplicateRequestError"


async def test_the_answer_of_the_input_handler_goes_through_the_door_of_all() -> None:
    @step
    def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        return InputRequestEvent("name", "Your name?")

    @step
    def greet(ctx: Context, ev: InputResponseEvent) -> StopEvent:
        return StopEvent(result=[ev.response, ev.responder, ev.door])

    workflow = Workflow(
        "handled-here", [ask, greet], input_handler=lambda request: "Ada"
    )
    bench = Bench()
    run_id = await run_one(workflow, bench)
    await bench.run(await sync_to_async(claim)(run_id, 2))
    await bench.run(await sync_to_async(claim)(run_id, 3))

    run = await Run.objects.aget(pk=run_id)
    assert run.result == '["Ada","input_handler","input_handler"]'


async def test_an_input_handler_that_is_late_changes_nothing() -> None:
    @step
    def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        return InputRequestEvent("name", "Your name?")

    @step
    def greet(ctx: Context, ev: InputResponseEvent) -> StopEvent:
        return StopEvent(result=ev.response)

    workflow = Workflow("handled-late", [ask, greet], input_handler=lambda _: "Ada")
    bench = Bench()
    run_id = await run_one(workflow, bench)
    late = await sync_to_async(claim)(run_id, 2)
    handler = workflow.handler(str(run_id))
    await handler.respond_to_input("name", "Bob")
    await bench.run(late)

    assert "step_failed" not in await kinds(run_id)
    assert (await kinds(run_id)).count("input_received") == 1
