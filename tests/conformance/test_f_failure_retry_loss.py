"""Cases 57 to 61: failure, retry, loss."""

from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.tries import shortest_async
from workflows_app.engine import (
    RunAbortedError,
    StepFailedError,
    TimeoutError,  # noqa: A004 - engine.md's name
)
from workflows_app.models import InputRequest
from workflows_app.testing import play

from .flows import failing
from .processes import Program, Worker
from .watching import count, lines, on_postgres, see

pytestmark = pytest.mark.timeout(90)

ODD_WEATHER = "tests.conformance.flows.failing.OddWeatherError"


@on_postgres
async def test_57_a_step_that_raises_fails_the_run_with_type_and_message() -> None:
    handler = await failing.raining.run_with_handler()

    with pytest.raises(StepFailedError) as failed:
        await handler.result(timeout=20)

    error = failed.value
    assert (error.step_name, error.attempt) == ("rain", 1)
    assert (error.error_type, error.message) == (ODD_WEATHER, "It rains upwards.")
    assert "raise OddWeatherError" in error.traceback
    assert await handler.status() == "failed"


async def attempts(handler: Any) -> list[int]:
    """The numbers of the attempts that have begun."""
    return [line.attempt for line in await lines(handler, "step_started")]


@on_postgres
async def test_58_a_step_is_tried_three_times_and_then_it_has_failed() -> None:
    handler = await failing.failing_twice.run_with_handler()
    assert (await handler.result(timeout=20)).result == [3, ["left by 3"]]
    assert await attempts(handler) == [1, 2, 3]

    handler = await failing.failing_always.run_with_handler()
    with pytest.raises(StepFailedError, match=r"Attempt 3\.") as failed:
        await handler.result(timeout=20)
    assert failed.value.attempt == 3
    assert await attempts(handler) == [1, 2, 3]
    assert await count(handler, "step_retry_scheduled") == 2


@on_postgres
async def test_59_a_failure_handler_recovers_within_its_budget_and_from_no_timeout() -> (
    None
):
    play(failing.recovering).completes(["break_down", "It broke.", 1])

    spent = play(failing.beginning_again).fails(ODD_WEATHER, "It broke again.")
    assert spent.steps_run("begin_again") == 1
    assert spent.kinds.count("step_failed") == 2

    handler = await failing.late_with_handler.run_with_handler()
    with pytest.raises(TimeoutError):
        await handler.result(timeout=20)
    assert await count(handler, "step_started", "recover") == 0


@on_postgres
async def test_60_an_abort_ends_a_run_amid_a_step_and_a_second_one_does_nothing() -> (
    None
):
    handlers: list[Any] = []

    async def abort() -> float:
        handler = await failing.working.run_with_handler()
        handlers.append(handler)
        await see(handler, "step_started", step="work")
        began = monotonic()
        await handler.abort("no longer wanted")
        with pytest.raises(RunAbortedError) as aborted:
            await handler.result(timeout=20)
        seconds = monotonic() - began
        assert aborted.value.reason == "no longer wanted"
        assert aborted.value.actor
        return seconds

    assert await shortest_async(abort, limit=1.0) <= 1.0

    handler = handlers[-1]
    await handler.abort("again")
    assert await count(handler, "run_aborted") == 1
    assert await handler.status() == "aborted"
    assert await handler.pending_requests() == []
    request = await InputRequest.objects.aget(run_id=handler.run_id)
    assert (request.request_id, request.status) == ("open", "withdrawn")


SURVIVE = """
from tests.conformance.flows.failing import surviving

async def main():
    handler = await surviving.run_with_handler()
    async for event in handler.stream_events():
        if event.event_type == "Working":
            tell(event.worker)
    result = await handler.result()
    started = [e.attempt async for e in handler.stream_events() if e.kind == "step_started"]
    tell([result.result, started])

asyncio.run(main())
"""


RECOVERY = 15.0
"""Seconds after a kill within which the run must be over."""


@pytest.mark.timeout(150)
def test_61_a_step_whose_worker_is_killed_runs_again_restarted_or_elsewhere(
    elsewhere: str, tmp_path: Path
) -> None:
    with ExitStack() as running:

        def start_worker() -> Worker:
            return running.enter_context(Worker(elsewhere, tmp_path / "worker.log"))

        workers = [start_worker()]
        for is_restarted in (True, False):
            if not is_restarted:
                workers.append(start_worker())
            program = running.enter_context(Program(elsewhere, SURVIVE))
            pid = program.heard()
            victim = next(worker for worker in workers if worker.pid == pid)

            victim.kill()
            killed_at = monotonic()
            workers.remove(victim)
            if is_restarted:
                workers.append(start_worker())

            assert program.heard() in [worker.pid for worker in workers]
            assert program.heard() == [[2, 1], [1, 2]]
            assert monotonic() - killed_at < RECOVERY
