"""What becomes of a call that fails: tried again, recovered from, or the end."""

import pytest

from tests.engine.definitions import RETRY, a_step, define
from tests.engine.story import Story
from workflows_app.engine import Event, InputRequestEvent, StopEvent
from workflows_app.engine.ticks import (
    CallDue,
    CallLost,
    Paused,
    Resumed,
    StepTimedOut,
    VoteCast,
)

FAILED = "StepFailedEvent"


def test_a_failed_attempt_is_tried_again_after_its_back_off() -> None:
    story = Story(define(a_step("work", retry=RETRY)))

    story.fail(story.claim(), retryable=True)

    call = story.state.calls[1]
    assert (call.phase, call.not_before) == ("later", story.now + 10)
    assert story.kinds[-2:] == ["step_failed", "step_retry_scheduled"]
    assert story.ready == []


def test_the_back_off_ends_when_its_time_has_come_and_not_before() -> None:
    story = Story(define(a_step("work", retry=RETRY)))
    story.fail(story.claim(), retryable=True)

    assert story.tick(CallDue(1)).ready == []
    story.now += 10
    assert story.tick(CallDue(1)).ready == ["work"]
    assert story.claim().attempt == 2


def test_after_the_last_attempt_the_run_fails() -> None:
    story = Story(define(a_step("work", retry=RETRY)))
    for _ in range(3):
        story.now += 20
        story.tick(CallDue(1))
        story.fail(story.claim(), retryable=True)

    assert (story.error["attempt"], story.state.status) == (3, "failed")


def test_a_lost_worker_does_not_use_up_a_try() -> None:
    story = Story(define(a_step("work", retry=RETRY)))
    call = story.claim()
    story.tick(CallLost(call.number, call.attempt))

    for _ in range(2):
        story.fail(story.claim(), retryable=True)
        story.now += 20
        story.tick(CallDue(1))

    assert story.claim().attempt == 4


def test_what_must_not_be_tried_again_fails_at_once() -> None:
    story = Story(define(a_step("work", retry=RETRY)))

    story.fail(story.claim(), retryable=False)

    assert story.error["error_type"] == "ValueError"


def test_an_exception_may_say_when_to_try_again() -> None:
    story = Story(define(a_step("work", retry=RETRY)))

    story.fail(story.claim(), retryable=True, delay=99.0)

    assert story.state.calls[1].not_before == story.now + 99


def test_a_time_out_is_tried_again_if_the_policy_says_so() -> None:
    story = Story(define(a_step("work", retry=RETRY)))
    call = story.claim()

    story.tick(StepTimedOut(call.number, call.attempt, limit=1, elapsed=1.1))

    assert story.state.calls[1].phase == "later"


@pytest.mark.parametrize(("failures", "delay"), [(1, 10), (2, 15), (9, 15)])
def test_the_back_off_grows_up_to_its_limit(failures: int, delay: float) -> None:
    assert RETRY.delay(failures, chance=0.3) == delay


def test_a_pause_holds_back_retries_and_they_come_after_it() -> None:
    story = Story(define(a_step("work", retry=RETRY)))
    story.fail(story.claim(), retryable=True)
    story.tick(Paused())
    story.now += 60

    assert story.tick(CallDue(1)).ready == []
    assert story.tick(Resumed()).ready == ["work"]


def with_handler(**options: object) -> Story:
    handler = a_step("mend", FAILED, **options)
    return Story(define(a_step("work"), a_step("again", "Event"), handler))


def test_a_handler_is_told_of_a_failure_instead_of_the_runs_end() -> None:
    story = with_handler()

    story.fail(story.claim_step("work"))

    assert "mend" in story.ready
    call = story.claim_step("mend")
    assert '"step_name":"work"' in call.event.body
    assert story.complete(call, StopEvent(result="mended")).state.status == "completed"


def test_a_handler_for_other_steps_is_not_asked() -> None:
    story = with_handler(for_steps=("again",))

    story.fail(story.claim_step("work"))

    assert story.state.status == "failed"


def test_a_line_recovers_only_so_often() -> None:
    story = Story(define(a_step("work", "StartEvent", "Retry"), a_step("mend", FAILED)))
    story.fail(story.claim())
    story.complete(story.claim(), Event("Retry"))

    story.fail(story.claim())

    assert story.error["step_name"] == "work"


def test_a_handler_that_fails_ends_the_run() -> None:
    story = with_handler()
    story.fail(story.claim_step("work"))

    story.fail(story.claim_step("mend"))

    assert story.error["step_name"] == "mend"


def test_a_step_that_must_not_run_twice_fails_when_its_worker_is_lost() -> None:
    story = Story(define(a_step("pay", on_loss="fail")))
    call = story.claim()

    story.tick(CallLost(call.number, call.attempt))

    assert story.error["type"] == "StepLostError"


@pytest.mark.parametrize(("outcome", "ready"), [("rerun", ["pay"]), ("skip", [])])
def test_operators_say_what_becomes_of_a_step_that_may_have_run(
    outcome: str, ready: list[str]
) -> None:
    story = Story(define(a_step("pay", on_loss="ask")))
    call = story.claim()
    story.tick(CallLost(call.number, call.attempt))
    assert story.state.status == "waiting"
    request = next(iter(story.state.requests.values()))
    assert request.policy["groups"] == ["operators"]

    story.tick(VoteCast(request.request_id, None, outcome=outcome))

    assert story.ready == ready


def test_a_question_stays_for_people_when_its_handler_is_lost_too_often() -> None:
    steps = a_step("ask"), a_step("decide", "InputResponseEvent")
    story = Story(define(*steps, has_input_handler=True))
    story.complete(story.claim(), InputRequestEvent("q", "Well?"))
    for _ in range(5):
        call = story.claim()
        story.tick(CallLost(call.number, call.attempt))

    assert story.status == "waiting"
    assert story.tick(VoteCast("q", None)).ready == ["decide"]
