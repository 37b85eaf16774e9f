"""Workers that are drained, stopped and killed, as operators see them (R56)."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from .house import wait_for
from .workshop import Workshop

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Nobody works there yet."""
    workshop = Workshop(tmp_path / "var")
    yield workshop
    workshop.close()


def is_worker(workshop: Workshop, pid: int, state: str, *, busy: int = 0) -> bool:
    """Whether a worker tells that it is so, and runs so many calls."""
    worker = workshop.caller.worker(pid)
    return worker is not None and (worker["state"], worker["busy"]) == (state, busy)


def wait_for_beat(workshop: Workshop, pid: int) -> None:
    """Until the worker has been heard of again, and has heard what is wanted of it."""
    heard = workshop.caller.worker(pid)
    assert heard is not None
    wait_for(
        lambda: (workshop.caller.worker(pid) or heard)["seen_at"] > heard["seen_at"]
    )


def test_a_drained_worker_finishes_takes_nothing_and_waits_to_be_stopped(
    workshop: Workshop, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    with workshop.house.worker() as draining:
        wait_for(workshop.is_ready, seconds=60)
        held = workshop.caller.start("loop-hog", end=str(end))
        workshop.wait_for_kind(held, "step_started")
        wait_for(lambda: is_worker(workshop, draining, "live", busy=1))
        report = workshop.caller.worker(draining)
        assert report is not None

        workshop.caller.drain(report["id"])
        wait_for_beat(workshop, draining)
        others = [workshop.caller.start("quick") for _ in range(5)]
        with workshop.house.worker() as taking:
            executors = {
                workshop.caller.result(run_id, within=60)["result"] for run_id in others
            }
            children = psutil.Process(taking).children(recursive=True)
            assert executors <= {child.pid for child in children}
        assert is_worker(workshop, draining, "draining", busy=1)

        end.touch()
        assert workshop.wait_for_end(held) == "completed"
        assert "step_lost" not in workshop.house.kinds(held)
        wait_for(lambda: is_worker(workshop, draining, "drained"))

        process = psutil.Process(draining)
        assert process.is_running()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert is_worker(workshop, draining, "stopped")


def test_a_worker_that_is_killed_falls_silent(workshop: Workshop) -> None:
    with workshop.house.worker() as pid:
        wait_for(lambda: is_worker(workshop, pid, "live"), seconds=60)

        os.kill(pid, signal.SIGKILL)

        wait_for(lambda: is_worker(workshop, pid, "silent"), seconds=30)
