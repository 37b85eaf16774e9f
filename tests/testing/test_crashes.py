"""Crashes between any two ticks."""

import pytest

from tests.testing.flows import asking, done_in_memory, forgetful
from workflows_app.testing import Person, play, survive_crashes

ADA = Person("ada", "reviewers")


def test_a_workflow_that_keeps_everything_in_the_run_survives() -> None:
    def story() -> None:
        run = play(asking).asks("well")
        run.answer("well", outcome="yes", by=ADA).completes("yes")

    # After the start and the vote; after each claim; before and after each completion.
    assert survive_crashes(story) == 2 + 2 + 4


def test_it_names_the_moment_after_which_the_story_came_out_differently() -> None:
    def story() -> None:
        done_in_memory.clear()
        play(forgetful)
        assert done_in_memory == ["posted"], f"posted {len(done_in_memory)} times"

    told = r"crash before StepCompleted \(moment 3 of 4\).*posted 2 times"
    with pytest.raises(AssertionError, match=told):
        survive_crashes(story)


def test_a_story_that_fails_undisturbed_fails_as_it_is() -> None:
    with pytest.raises(AssertionError, match="expected the result"):
        survive_crashes(lambda: play(forgetful).completes("other"))


def test_a_crash_by_hand_loses_nothing_that_was_committed() -> None:
    run = play(asking).crash().asks("well")

    run.answer("well", outcome="yes", by=ADA).crash().completes("yes")
