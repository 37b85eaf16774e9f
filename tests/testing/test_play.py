"""The kit: people, the clock, fates, and what it says when a run is not as it must be."""

import pytest

from tests.testing.flows import answers, asking, blocking, counting, working
from workflows_app.engine import (
    NotAllowedError,
    UnknownRequestError,
    Workflow,
)
from workflows_app.testing import Person, Wait, play

ADA = Person("ada", "reviewers")
EVE = Person("eve")


@pytest.fixture(autouse=True)
def no_answers() -> None:
    answers.clear()


# People


def test_a_person_answers_and_the_run_goes_on() -> None:
    run = play(asking).asks("well").answer("well", outcome="yes", by=ADA)

    run.completes("yes")
    assert run.state["text"] == "Well?"


def test_a_question_is_seen_as_people_see_it() -> None:
    asked = play(asking, text="Tea?").question("well")

    assert asked.prompt == "Tea?"
    assert asked.metadata == {"n": 1}
    assert asked.outcomes == ["yes", "no"]
    assert asked.policy.groups == ["reviewers"]


def test_who_may_not_answer_is_refused_as_at_every_door() -> None:
    with pytest.raises(NotAllowedError):
        play(asking).answer("well", outcome="yes", by=EVE)


def test_what_is_not_asked_is_refused() -> None:
    run = play(asking)
    with pytest.raises(UnknownRequestError):
        run.answer("other", outcome="yes")
    with pytest.raises(UnknownRequestError):
        run.question("other")


def test_a_decision_can_be_taken_back_in_time() -> None:
    run = play(asking).answer("well", outcome="yes", by=ADA, undo=5)
    run.undo("well", by=ADA).asks("well")

    run.answer("well", outcome="no", by=ADA).completes("no")


@pytest.mark.parametrize("deadline", [0.3, 1.1, 60.0])
def test_a_run_ends_at_its_deadline(deadline: float) -> None:
    workflow = Workflow("dated", list(asking.steps.values()), deadline=deadline)

    play(workflow).advance(seconds=100).fails("TimeoutError", "deadline")


def test_what_happens_at_once_begins_before_any_of_it_ends() -> None:
    run = play(counting).asks("a", "b")
    with run.at_once():
        run.answer("a").answer("b")
        assert run.steps_run("count") == 0

    run.completes(2)
    assert run.kinds.count("step_conflicted") == 1


# The clock


def test_time_passes_only_when_it_is_told_to() -> None:
    run = play(asking, hours=2)
    run.advance(minutes=119).asks("well")

    run.advance(minutes=1).completes("no")


def test_what_is_due_waits_for_the_end_of_a_pause() -> None:
    run = play(asking, hours=2).pause().advance(hours=3).asks("well")

    run.resume().advance(seconds=0).completes("no")


# Fates


def test_a_step_that_fails_is_tried_again_when_its_time_has_come() -> None:
    run = play(working).completes(1)
    assert run.written == [{"attempt": 1}]


def test_a_lost_worker_costs_no_try() -> None:
    run = play(asking)
    run.next_is_lost("tell").answer("well", outcome="yes", by=ADA).completes("yes")

    assert run.kinds.count("step_lost") == 1
    assert run.steps_run("tell") == 1


def test_a_step_that_may_not_be_tried_again_fails_the_run() -> None:
    run = play(asking).next_fails("tell", "no paper", error_type="PrinterError")
    run.answer("well", outcome="yes", by=ADA)

    run.fails("PrinterError", "no paper")


def test_a_step_that_is_too_slow_fails_the_run() -> None:
    run = play(asking).next_times_out("tell", limit=30)
    run.answer("well", outcome="yes", by=ADA)

    run.fails("TimeoutError")
    assert run.error["limit_seconds"] == 30


# Waits


def test_people_act_while_a_step_blocks() -> None:
    seen: list[Wait] = []

    def act(wait: Wait) -> None:
        seen.append(wait)
        answers.append("here")

    play(blocking, while_waiting=act, limit=5).completes("here")
    (wait,) = seen
    assert (wait.reason, wait.limit, wait.status) == ("an answer", 5, "waiting")


def test_a_wait_that_runs_out_cuts_the_step() -> None:
    run = play(blocking, while_waiting=Wait.run_out, limit=5)

    run.fails("TimeoutError")


def test_a_mistake_of_the_test_ends_the_wait_and_is_told() -> None:
    def act(wait: Wait) -> None:
        raise LookupError("nobody is there")

    run = play(blocking, while_waiting=act)

    run.fails("LookupError", "nobody is there")


# What it says


def test_it_says_which_questions_are_open() -> None:
    with pytest.raises(AssertionError, match=r"expected .*'tea'.*open are \['well'\]"):
        play(asking).asks("tea")


def test_it_says_that_a_run_goes_on() -> None:
    with pytest.raises(AssertionError, match=r"goes on: is waiting, .*\['well'\]"):
        play(asking).completes()


def test_it_says_what_a_run_resulted_in() -> None:
    run = play(working)
    with pytest.raises(AssertionError, match="expected the result 2, got 1"):
        run.completes(2)


def test_it_says_how_a_run_failed() -> None:
    run = play(asking).next_fails("tell", "no paper")
    run.answer("well", outcome="yes", by=ADA)

    with pytest.raises(AssertionError, match="failed: no paper"):
        run.completes()
    with pytest.raises(AssertionError, match="expected ValueError"):
        run.fails("ValueError")
