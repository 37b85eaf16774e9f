"""The three limits of an attempt, without any sleeping (R20, R31, R32)."""

import pytest

from workflows_app.runtime.worker.clock import AGAIN, SLACK, AttemptClock, Limits


def clock(**limits: float) -> AttemptClock:
    """The clock of an attempt that began at second 100."""
    return AttemptClock(Limits(**limits), 100.0)


def test_without_limits_an_attempt_is_never_late() -> None:
    watched = clock()

    assert watched.left(200.0) is None
    assert watched.late(1e9) is None


def test_a_step_is_late_when_its_seconds_of_work_are_over() -> None:
    watched = clock(step=10.0)

    assert watched.left(104.0) == 6.0
    assert watched.late(109.9) is None
    assert watched.late(110.0) == "step"
    assert (watched.limit(), watched.elapsed(110.5)) == (10.0, 10.5)


def test_waiting_for_a_person_is_no_work() -> None:
    watched = clock(step=10.0)

    watched.wait(104.0, None)
    assert watched.left(500.0) is None
    watched.go_on(504.0)

    assert watched.late(509.9) is None
    assert watched.late(510.0) == "step"
    assert watched.elapsed(510.0) == 10.0


def test_a_wait_has_a_limit_of_its_own() -> None:
    watched = clock(step=10.0)

    watched.wait(104.0, 60.0)

    assert watched.late(163.9) is None
    assert watched.late(164.0) == "wait"
    assert (watched.limit(), watched.elapsed(164.0)) == (60.0, 60.0)


def test_a_wait_that_takes_the_place_of_another_begins_anew() -> None:
    watched = clock(step=10.0)

    watched.wait(104.0, 60.0)
    watched.wait(150.0, 5.0)
    assert watched.late(155.0) == "wait"
    watched.go_on(154.0)

    assert watched.elapsed(154.0) == 4.0


def test_the_runs_active_time_stands_still_while_the_attempt_waits() -> None:
    watched = clock(active=10.0)

    watched.wait(104.0, None)
    watched.go_on(504.0)

    assert watched.late(509.9) is None
    assert watched.late(510.0 + SLACK) == "run"


def test_the_runs_deadline_counts_always() -> None:
    watched = clock(step=10.0, life=50.0)

    watched.wait(104.0, None)

    assert watched.late(150.0 + SLACK) == "run"


def test_the_limit_that_passed_first_is_told() -> None:
    assert clock(step=10.0, active=5.0).late(200.0) == "run"
    assert clock(step=5.0, active=10.0).late(200.0) == "step"


@pytest.mark.parametrize("limits", [{"active": 10.0}, {"life": 10.0}])
def test_a_run_that_is_not_over_is_looked_at_again(limits: dict[str, float]) -> None:
    watched = clock(**limits)

    assert watched.late(110.0 + SLACK) == "run"
    watched.look_again(111.0, None)

    assert watched.late(111.0) is None
    assert watched.late(111.0 + AGAIN + SLACK) == "run"


def test_what_is_left_of_the_runs_time_is_learned() -> None:
    watched = clock(step=100.0, active=10.0)

    watched.look_again(110.0, 4.0)
    assert watched.late(113.9) is None
    assert watched.late(114.0 + SLACK) == "run"

    watched.learn_active(112.0, 30.0)
    assert watched.late(141.9) is None
    assert watched.late(142.0 + SLACK) == "run"


def test_a_run_without_a_limit_learns_none() -> None:
    watched = clock(step=100.0)

    watched.learn_active(110.0, 1.0)

    assert watched.late(150.0) is None
