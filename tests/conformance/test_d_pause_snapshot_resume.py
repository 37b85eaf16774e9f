"""Cases 38 to 48: pause, snapshot, resume."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from workflows_app.engine import (
    EngineError,
    IncompatibleSnapshotError,
    NotFinishedError,
    SessionNotEmptyError,
    Snapshot,
    SnapshotFormatError,
    SnapshotVersionError,
    Workflow,
)
from workflows_app.models import Run

from .flows import pausing
from .processes import Worker, run_program
from .watching import count, lines, on_postgres, see

pytestmark = pytest.mark.timeout(90)

RESUME = """
from pathlib import Path
from tests.conformance.flows import pausing
from workflows_app.engine import Workflow
from workflows_app.models import Run

async def main():
    assert not await Run.objects.aexists()
    handler = await Workflow.resume(Path(sys.argv[1]).read_text())
    requests = await handler.pending_requests()
    tell([[each.request_id, each.prompt, each.metadata] for each in requests])
    for request, answer in zip(requests, sys.argv[2:], strict=True):
        await handler.respond_to_input(request.request_id, answer)
    tell((await handler.result(timeout=40)).result)
    events = [event async for event in handler.stream_events()]
    started = [event for event in events if event.kind == "step_started"]
    tell([str(handler.run_id), [[each.step_name, each.attempt] for each in started]])

asyncio.run(main())
"""


async def no_end(handler: Any, seconds: float) -> None:
    """The run is not over within this time."""
    with pytest.raises(NotFinishedError):
        await handler.result(timeout=seconds)


async def resume_elsewhere(
    snapshot: Snapshot, url: str, folder: Path, *answers: str
) -> list[Any]:
    """Resume in another process, with a worker of its own; what that tells.

    Its questions, its result, and its id with the steps that have started.
    """
    file = folder / "snapshot.json"
    file.write_text(snapshot.dump())
    with Worker(url, folder / "worker.log"):
        return await asyncio.to_thread(run_program, url, RESUME, str(file), *answers)


@on_postgres
async def test_38_a_run_paused_during_a_slow_step_completes_after_its_resume() -> None:
    handler = await pausing.two_steps.run_with_handler()
    await see(handler, "step_started", step="work_slowly")

    snapshot = await handler.pause()
    assert snapshot.quiescent
    assert await count(handler, "step_completed", "work_slowly") == 1
    await handler.resume_in_place()

    assert (await handler.result(timeout=20)).result == pausing.TWO_STEPS


@on_postgres
async def test_39_under_a_pause_the_running_step_commits_and_the_next_one_waits() -> (
    None
):
    handler = await pausing.two_steps.run_with_handler()
    await see(handler, "step_started", step="work_slowly")
    await handler.pause(wait=False)
    assert await count(handler, "step_completed") == 0

    await see(handler, "step_completed", step="work_slowly")
    await no_end(handler, 1.0)
    assert await count(handler, "step_started", "go_on") == 0
    await handler.resume_in_place()

    assert (await handler.result(timeout=20)).result == pausing.TWO_STEPS
    assert await count(handler, "step_started", "go_on") == 1


@on_postgres
async def test_40_a_snapshot_is_json_with_workflow_run_and_state() -> None:
    handler = await pausing.two_steps.run_with_handler()
    await see(handler, "step_started")

    text = (await handler.pause()).dump()

    snapshot = json.loads(text.encode("utf-8"))
    assert snapshot["format"].endswith("/snapshot")
    assert snapshot["version"] == 1
    assert snapshot["workflow_name"] == "d-two-steps"
    assert snapshot["run_id"] == str(handler.run_id)
    assert json.loads(snapshot["state"])
    assert json.loads(snapshot["values"]["before"]["text"]) == "kept"


@on_postgres
async def test_41_a_snapshot_amid_a_step_runs_it_again_in_another_process(
    elsewhere: str, tmp_path: Path
) -> None:
    handler = await pausing.interrupted.run_with_handler(message="hello")
    await see(handler, "step_started")
    snapshot = await handler.snapshot()
    await handler.abort()

    questions, result, (run_id, started) = await resume_elsewhere(
        snapshot, elsewhere, tmp_path
    )

    assert questions == []
    assert result == [{"message": "hello"}, 2]
    assert run_id == str(handler.run_id)
    assert started == [["be_interrupted", 1], ["be_interrupted", 2]]


@on_postgres
async def test_42_a_snapshot_between_steps_runs_only_the_second_in_another_process(
    elsewhere: str, tmp_path: Path
) -> None:
    handler = await pausing.two_steps.run_with_handler()
    await see(handler, "step_started")
    snapshot = await handler.pause()

    _, result, (_, started) = await resume_elsewhere(snapshot, elsewhere, tmp_path)

    assert result == pausing.TWO_STEPS
    assert started == [["work_slowly", 1], ["go_on", 1]]
    assert await count(handler, "step_started", "go_on") == 0


@on_postgres
async def test_43_a_snapshot_of_a_waiting_run_asks_the_same_in_another_process(
    elsewhere: str, tmp_path: Path
) -> None:
    handler = await pausing.asking.run_with_handler()
    await see(handler, "run_waiting")
    snapshot = await handler.snapshot()

    questions, result, (_, started) = await resume_elsewhere(
        snapshot, elsewhere, tmp_path, "yes"
    )

    assert questions == [["ok", "Go on?", {"why": "the case"}]]
    assert result == [1, "yes"]
    assert started == [["ask", 1], ["end", 1]]


@on_postgres
async def test_44_two_open_questions_are_both_there_after_a_resume() -> None:
    original = await pausing.asking_both.run_with_handler()
    await see(original, "run_waiting")
    text = (await original.pause()).dump()
    await original.abort()

    handler = await Workflow.resume(text, as_new_run=True)

    assert handler.run_id != original.run_id
    requests = await handler.pending_requests()
    assert [each.request_id for each in requests] == ["left", "right"]
    await handler.respond_to_input("right", 2)
    await handler.respond_to_input("left", 1)
    result = await handler.result(timeout=20)
    assert sorted(result.result) == [["left", 1], ["right", 2]]
    assert await count(handler, "step_started", "ask_both") == 1


@on_postgres
async def test_45_one_snapshot_resumed_twice_is_one_run_and_no_step_runs_twice() -> (
    None
):
    original = await pausing.two_steps.run_with_handler()
    await see(original, "step_started")
    text = (await original.pause()).dump()

    one, other = [await Workflow.resume(text) for _ in range(2)]

    assert one.run_id == other.run_id == original.run_id
    assert (await one.result(timeout=20)).result == pausing.TWO_STEPS
    again = await Workflow.resume(text)
    assert (await again.result(timeout=20)).result == pausing.TWO_STEPS
    assert await Run.objects.acount() == 1
    for name in ("work_slowly", "go_on"):
        assert await count(one, "step_started", name) == 1


@on_postgres
async def test_46_what_is_no_snapshot_of_this_version_is_refused_and_makes_nothing() -> (
    None
):
    original = await pausing.two_steps.run_with_handler()
    await original.result(timeout=20)
    good = json.loads((await original.snapshot()).dump())
    newer: list[Any] = [good | {"version": 2}]
    broken: list[Any] = [
        *("", "{}", "[]", "null", b"\xff", "{"),
        *(good | {name: []} for name in ("run_id", "state", "revision", "values")),
        *({k: v for k, v in good.items() if k != name} for name in ("input", "events")),
        good | {"state": "[]"},
        good | {"format": "elsewhere/snapshot"},
        good | {"version": "1"},
    ]
    await Run.objects.all().adelete()

    for snapshots, refusal in (
        (newer, SnapshotVersionError),
        (broken, SnapshotFormatError),
    ):
        for snapshot in snapshots:
            with pytest.raises(EngineError) as refused:
                await Workflow.resume(snapshot)
            assert type(refused.value) is refusal, (snapshot, refused.value)
    assert await Run.objects.acount() == 0


@on_postgres
async def test_47_a_snapshot_whose_steps_are_gone_is_refused_before_anything_runs() -> (
    None
):
    handler = await pausing.asking.run_with_handler()
    await see(handler, "run_waiting")
    other = await pausing.two_steps.run_with_handler()
    await see(other, "step_started")
    text = (await other.pause()).dump().replace("go_on", "vanished")

    with pytest.raises(IncompatibleSnapshotError, match="'vanished'"):
        await Workflow.resume(text, as_new_run=True)
    with pytest.raises(IncompatibleSnapshotError, match="'d-gone'"):
        await Workflow.resume(text.replace("d-two-steps", "d-gone"), as_new_run=True)

    assert await Run.objects.acount() == 2
    assert await count(other, "run_resumed") == 0


@on_postgres
async def test_48_a_session_object_is_dropped_by_a_pause_or_keeps_it_from_happening() -> (
    None
):
    handler = await pausing.with_session.run_with_handler()
    await see(handler, "run_waiting")
    snapshot = await handler.pause()
    assert snapshot.dropped_session_keys == ["socket"]
    (dropped,) = await lines(handler, "session_dropped")
    assert dropped.body["keys"] == ["socket"]
    resumed = await Workflow.resume(snapshot.dump())
    await resumed.respond_to_input("ok", "yes")
    assert (await resumed.result(timeout=20)).result == "lost socket"

    handler = await pausing.with_strict_session.run_with_handler()
    await see(handler, "run_waiting")
    with pytest.raises(SessionNotEmptyError, match="socket"):
        await handler.pause()
    with pytest.raises(SessionNotEmptyError):
        await handler.snapshot()
    assert await count(handler, "run_paused") == 0
    await handler.respond_to_input("ok", "yes")
    assert (await handler.result(timeout=20)).result in {"there", "lost socket"}
