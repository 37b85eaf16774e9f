"""Steps that block, get lost or are given up, with real workers (engine.md, E and F)."""

import os
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic

import psutil
import pytest

from tests.tries import shortest

from .house import wait_for
from .workshop import Workshop

pytestmark = pytest.mark.timeout(180)

LEASE_AT_LEAST = 6.0
"""What is found lost sooner was not found by its lease of 9 s, renewed every 3 s."""


@pytest.fixture(scope="module")
def idle_workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Nobody works there."""
    workshop = Workshop(tmp_path_factory.mktemp("workshop") / "var")
    yield workshop
    workshop.close()


@pytest.fixture
def own_workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Nobody works there, and nobody else looks."""
    workshop = Workshop(tmp_path / "var")
    yield workshop
    workshop.close()


@pytest.fixture(scope="module")
def workshop(idle_workshop: Workshop) -> Iterator[Workshop]:
    """A worker with two executors works there."""
    with idle_workshop.house.worker(executors=2):
        wait_for(idle_workshop.is_ready, seconds=60)
        yield idle_workshop


# Timeouts (cases 49, 16)


def test_a_step_that_is_too_slow_is_told_in_all_its_details(workshop: Workshop) -> None:
    def oversleep() -> float:
        run_id = workshop.caller.start("patient")
        told = workshop.caller.result(run_id)
        assert (told["error"], told["is_timeout"]) == ("TimeoutError", True)
        assert (told["scope"], told["step_name"]) == ("step", "patient_step")
        assert (told["attempt"], told["limit_seconds"]) == (1, 0.3)
        assert told["run_id"] == run_id
        return float(told["elapsed_seconds"])

    assert 0.3 <= shortest(oversleep, limit=1.3) <= 1.3


def test_the_stream_tells_of_a_timeout_and_ends(workshop: Workshop) -> None:
    run_id = workshop.caller.start("run-blocked", how="sleep")

    kinds = [kind for _, kind in workshop.caller.stream(run_id)]

    assert kinds[-1] == "run_timed_out"
    (body,) = [body for kind, _, body in workshop.lines(run_id) if kind == kinds[-1]]
    assert body["limit_seconds"] == 0.5
    assert body["active_steps"] == ["long_step"]


# Blocked in every way (cases 52, 53, 54)


@pytest.mark.parametrize("workflow", ["sync-blocked", "async-blocked", "own-blocked"])
@pytest.mark.parametrize("how", ["sleep", "loop", "power", "regex"])
def test_a_blocked_step_is_cut_soon_after_its_limit(
    workshop: Workshop, workflow: str, how: str
) -> None:
    def cut() -> float:
        run_id = workshop.caller.start(workflow, how=how)
        told = workshop.caller.result(run_id)
        assert (told["error"], told["scope"]) == ("TimeoutError", "step")
        if workflow == "own-blocked":  # a new process takes a moment of its own
            return float(told["elapsed_seconds"])
        return workshop.seconds(run_id, "step_started", "step_timed_out")

    assert 0.5 <= shortest(cut, limit=1.5) <= 1.5


def test_a_step_that_swallows_its_cancellation_is_cut(workshop: Workshop) -> None:
    def cut() -> float:
        run_id = workshop.caller.start("deaf", seconds=60)
        assert workshop.wait_for_end(run_id) == "failed"
        return workshop.seconds(run_id, "step_started", "step_timed_out")

    assert shortest(cut, limit=1.5) <= 1.5


def test_other_runs_of_the_worker_go_on_beside_a_blocked_loop(
    workshop: Workshop, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    blocked = [workshop.caller.start("loop-hog", end=str(end)) for _ in range(4)]
    try:
        for run_id in blocked:
            workshop.wait_for_kind(run_id, "step_started")

        quick = workshop.caller.start("quick")
        asking = workshop.caller.start("own-question")
        wait_for(lambda: workshop.house.question(asking))
        workshop.caller.respond(asking, "name", "Ada")
        kinds = [kind for _, kind in workshop.caller.stream(quick)]

        assert (kinds.count("progress"), kinds[-1]) == (3, "run_completed")
        assert workshop.caller.result(asking)["result"] == "Ada"
        assert {workshop.house.status(run_id) for run_id in blocked} == {"running"}
    finally:
        end.touch()
    assert {workshop.wait_for_end(run_id) for run_id in blocked} == {"completed"}


def test_a_bystander_on_a_blocked_loop_is_not_cut_for_it(
    own_workshop: Workshop, tmp_path: Path
) -> None:
    workshop, begin, end = own_workshop, tmp_path / "begin", tmp_path / "end"
    files = {"begin": str(begin), "end": str(end)}
    with workshop.house.worker(executors=1):  # so both are on one loop
        wait_for(workshop.is_ready, seconds=60)
        hog = workshop.caller.start("loop-hog", **files)
        workshop.wait_for_kind(hog, "step_started")
        bystander = workshop.caller.start("bystander", **files)
        workshop.wait_for_kind(bystander, "step_started")

        begin.touch()
        workshop.wait_for_age(bystander, "step_started", 3.5)  # its limit is 3 s
        end.touch()

        ends = {workshop.wait_for_end(run_id) for run_id in (hog, bystander)}
    assert ends == {"completed"}
    assert "step_timed_out" not in workshop.house.kinds(bystander)
    assert workshop.seconds(bystander, "step_started", "step_completed") > 3.0


@pytest.mark.parametrize(
    ("hows", "limit"),
    [
        (["sleep"], 1.5),
        (["sleep", "loop", "power", "regex"], 3.0),  # they leave little of two cores
    ],
)
def test_eight_blocked_steps_on_two_executors_are_cut_in_time(
    workshop: Workshop, hows: list[str], limit: float
) -> None:
    def cut() -> float:
        wanted = hows * (8 // len(hows))
        runs = [workshop.caller.start("run-blocked", how=how) for how in wanted]
        ends = [workshop.wait_for_end(run_id) for run_id in runs]
        assert ends == ["timed_out"] * 8
        late = [workshop.seconds(r, "step_started", "run_timed_out") for r in runs]
        return max(late)

    assert shortest(cut, limit=limit) <= limit


# Waiting for people in one's own way (R20)


def test_waiting_for_a_person_is_no_work(workshop: Workshop, tmp_path: Path) -> None:
    end = tmp_path / "end"
    run_id = workshop.caller.start("waits", end=str(end))

    workshop.wait_for_kind(run_id, "step_waiting")
    workshop.wait_for_age(run_id, "step_waiting", 3.0)  # longer than it may work
    assert workshop.house.status(run_id) == "waiting"
    end.touch()

    assert workshop.wait_for_end(run_id) == "completed"


def test_a_wait_is_cut_at_its_own_limit(workshop: Workshop) -> None:
    def cut() -> float:
        run_id = workshop.caller.start("waits-briefly", seconds=5)
        told = workshop.caller.result(run_id)
        assert (told["error"], told["limit_seconds"]) == ("TimeoutError", 0.3)
        return workshop.seconds(run_id, "step_waiting", "step_timed_out")

    assert shortest(cut, limit=1.3) <= 1.3


# Processes of their own (R37, R42)


def test_a_context_does_all_in_a_process_of_its_own(workshop: Workshop) -> None:
    run_id = workshop.caller.start("own-process")

    body, parent = workshop.caller.result(run_id)["result"]

    assert body != parent
    wait_for(lambda: not psutil.pid_exists(body))
    kinds = workshop.house.kinds(run_id)
    assert kinds.index("progress") < kinds.index("step_waiting")
    assert kinds.index("step_went_on") < kinds.index("step_completed")


@pytest.mark.parametrize("how", ["exit", "segfault", "kill"])
def test_a_process_that_dies_costs_its_own_attempt_only(
    workshop: Workshop, how: str
) -> None:
    run_id = workshop.caller.start("dies-once", how=how)

    assert workshop.caller.result(run_id)["result"] == 2

    assert workshop.seconds(run_id, "progress", "step_lost") < LEASE_AT_LEAST
    (body,) = [b for kind, _, b in workshop.lines(run_id) if kind == "step_lost"]
    assert body["losses"] == 1


# Giving up (case 60)


def test_an_aborted_run_is_over_at_once_and_its_body_is_asked_to_stop(
    workshop: Workshop, tmp_path: Path
) -> None:
    marks = (tmp_path / f"mark {number}" for number in count())

    def abort() -> float:
        mark = next(marks)
        run_id = workshop.caller.start("abortable", how=str(mark), seconds=60)
        workshop.wait_for_kind(run_id, "step_started")
        began = monotonic()
        workshop.caller.abort(run_id, "enough")
        told = workshop.caller.result(run_id)
        seconds = monotonic() - began
        assert (told["error"], told["reason"]) == ("RunAbortedError", "enough")
        workshop.caller.abort(run_id, "again")
        assert workshop.house.kinds(run_id)[-1] == "run_aborted"
        wait_for(mark.exists)
        return seconds

    assert shortest(abort, limit=1.0) <= 1.0


# Loss of a worker (case 61)


def test_a_run_goes_on_when_its_worker_is_killed_and_another_starts_at_once(
    own_workshop: Workshop,
) -> None:
    workshop = own_workshop
    with workshop.house.worker() as pid:
        wait_for(workshop.is_ready, seconds=60)
        run_id = workshop.caller.start("slow-once", seconds=60)
        workshop.wait_for_kind(run_id, "step_started")
        os.kill(pid, signal.SIGKILL)
    with workshop.house.worker():
        assert workshop.wait_for_end(run_id, seconds=15) == "completed"

    assert workshop.caller.result(run_id)["result"] == 2
    assert workshop.house.kinds(run_id).count("step_lost") == 1


def test_a_worker_that_is_told_to_stop_gives_back_what_it_cannot_finish(
    own_workshop: Workshop,
) -> None:
    workshop = own_workshop
    with workshop.house.worker():
        wait_for(workshop.is_ready, seconds=60)
        run_id = workshop.caller.start("slow-once", seconds=60)
        workshop.wait_for_kind(run_id, "step_started")
    (lost,) = [b for kind, _, b in workshop.lines(run_id) if kind == "step_lost"]

    assert lost["losses"] == 0
    assert workshop.house.status(run_id) == "running"
