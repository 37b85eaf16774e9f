"""Runs that do the work of a step: what their parent makes of their news."""

from typing import Any

from tests.engine.definitions import RETRY, a_step, a_subworkflow, define
from tests.engine.story import Story
from workflows_app.engine import InputRequestEvent, StopEvent
from workflows_app.engine.commands import (
    SaveSnapshot,
    StartChild,
    TellChild,
    TellParent,
)
from workflows_app.engine.state import Place
from workflows_app.engine.ticks import (
    Aborted,
    CallDue,
    CallLost,
    ChildFinished,
    ChildTold,
    Paused,
    RequestDue,
    Resumed,
    RunTimedOut,
    Started,
    VoteCast,
)

NEXT = a_step("next", "Done")


def parent(*branches: str, **options: Any) -> Story:
    merge = options.pop("merge", "wait_all")
    limits = {k: options.pop(k) for k in ("timeout",) if k in options}
    sub = a_subworkflow(*branches, merge=merge)
    return Story(define(a_step("sub", subworkflow=sub, **options), NEXT, **limits))


def done(branch: int, result: str = "1", **more: Any) -> ChildFinished:
    more.setdefault("status", "completed")
    return ChildFinished(Place(1, 1, branch), result=result, **more)


def failed(branch: int, attempt: int = 1) -> ChildFinished:
    error = {"type": "StepFailedError", "error_type": "ValueError", "message": "no"}
    return ChildFinished(Place(1, attempt, branch), "failed", error=error)


def told(story: Story) -> list[tuple[int, type]]:
    return [(t.place.branch, type(t.news)) for t in story.of(TellChild)]


def test_a_sub_workflow_gets_the_event_and_holds_no_worker() -> None:
    story = parent("child")

    start = story.of(StartChild)[0]
    assert (start.branch.workflow, start.event.type) == ("child", "StartEvent")
    assert story.state.calls[1].phase == "away"
    assert story.ready == []


def test_its_result_becomes_the_event_of_the_step() -> None:
    story = parent("child").tick(done(0, '{"n":1}'))

    assert story.ready == ["next"]
    assert story.claim().event.body == '{"result":{"n":1}}'


def test_all_branches_are_waited_for_in_their_order() -> None:
    story = parent("a", "b").tick(done(1, "2"))
    assert story.ready == []

    story.tick(done(0, "1"))

    assert story.claim().event.body == '{"results":[1,2]}'


def test_the_first_failure_ends_the_other_branches_and_is_the_cause() -> None:
    story = parent("a", "b").tick(failed(1))

    assert told(story) == [(0, Aborted)]
    assert story.error["cause"]["error_type"] == "ValueError"


def test_the_first_that_completes_is_enough() -> None:
    story = parent("a", "b", "c", merge="first_completes").tick(failed(0))
    assert story.status == "running"

    story.tick(done(1, '"won"'))

    assert told(story) == [(2, Aborted)]
    assert story.claim().event.body == '{"result":"won","branch":"b"}'


def test_it_fails_only_when_all_have_failed() -> None:
    story = parent("a", "b", merge="first_completes").tick(failed(0)).tick(failed(1))

    assert story.error["step_name"] == "sub"


def test_a_failed_child_is_started_anew_only_if_that_was_wished() -> None:
    story = parent("child", retry=RETRY).tick(failed(0))
    story.now += 10

    story.tick(CallDue(1))

    assert story.of(StartChild)[0].place == Place(1, 2, 0)
    assert story.tick(failed(0, attempt=1)).commands == [], "old news"


def test_the_parent_waits_when_its_child_does_and_shows_its_question() -> None:
    story = parent("child")
    text = '{"request_id":"q"}'

    story.tick(ChildTold(Place(1, 1, 0), "waiting", "input_requested", text))

    assert story.status == "waiting"
    assert [line.text for line in story.lines if line.kind == "input_requested"] == [
        text
    ]
    story.tick(ChildTold(Place(1, 1, 0), "running"))
    assert story.status == "running"


def test_pause_resume_and_abort_go_down_the_tree() -> None:
    story = parent("child").tick(Paused("olga"))
    assert told(story) == [(0, Paused)]
    assert told(story.tick(Resumed("olga"))) == [(0, Resumed)]
    assert told(story.tick(Aborted("olga"))) == [(0, Aborted)]


def test_the_time_of_children_counts_for_their_parent_once() -> None:
    story = parent("a", "b", timeout=30)
    assert story.of(StartChild)[0].budget == 30.0
    for branch in (0, 1):
        story.tick(ChildTold(Place(1, 1, branch), "running", is_working=True))
    story.now += 10

    story.tick(ChildTold(Place(1, 1, 0), "waiting"))
    story.tick(ChildTold(Place(1, 1, 1), "waiting"))

    assert story.state.active_seconds == 13.0  # not twice, though both worked
    story.now += 3600
    assert story.tick(RunTimedOut()).status == "waiting"


def test_a_child_that_uses_up_its_parents_time_ends_it() -> None:
    story = parent("child", timeout=30)
    late = {"type": "TimeoutError", "is_budget": True, "limit_seconds": 30.0}

    story.tick(ChildFinished(Place(1, 1, 0), "timed_out", error=late))

    assert (story.status, story.error["limit_seconds"]) == ("timed_out", 30)


def test_a_child_that_uses_up_its_steps_time_is_a_failure_of_the_step() -> None:
    story = parent("child", timeout=300)
    assert story.of(StartChild)[0].budget == 60.0  # the step's own limit is less
    late = {"type": "TimeoutError", "is_budget": True, "limit_seconds": 60.0}

    story.tick(ChildFinished(Place(1, 1, 0), "timed_out", error=late))

    assert (story.status, story.error["step_name"]) == ("failed", "sub")


def child(branch: int = 0) -> Story:
    steps = a_step("ask", on_loss="ask"), a_step("decide", "InputResponseEvent")
    story = Story(define(*steps))
    event = story.state.calls[1].event
    story.state = type(story.state)()
    return story.tick(Started(event, place=Place(7, 1, branch), budget=30.0))


def test_a_child_tells_its_parent_what_it_asks_and_hears() -> None:
    story = child()
    story.complete(story.claim(), InputRequestEvent("q", "Well?"))
    news = [tell.news for tell in story.of(TellParent)]
    assert [(n.kind, n.status) for n in news if isinstance(n, ChildTold)] == [
        ("input_requested", "waiting")
    ]

    story.tick(VoteCast("q", None))
    heard = story.of(TellParent)[0].news
    assert isinstance(heard, ChildTold)
    assert (heard.kind, heard.status) == ("input_received", "running")


def test_a_child_tells_its_parent_how_it_ended() -> None:
    story = child()

    story.complete(story.claim(), StopEvent(result=5))

    over = story.of(TellParent)[-1].news
    assert isinstance(over, ChildFinished)
    assert over.result == "5"


def test_a_child_has_no_more_time_than_its_parent_gave_it() -> None:
    story = child()
    story.claim()
    story.now += 30

    story.tick(RunTimedOut())

    assert story.status == "timed_out"


def test_a_child_tells_what_its_people_see_before_it_tells_how_it_ended() -> None:
    story = child()
    story.complete(story.claim(), InputRequestEvent("q", "Well?", expires_in=30))
    story.now += 30

    story.tick(RequestDue("q"))

    expired, over = (tell.news for tell in story.of(TellParent))
    assert isinstance(expired, ChildTold)
    assert (expired.kind, expired.status) == ("input_expired", "waiting")
    assert isinstance(over, ChildFinished)
    assert over.status == "failed"


def test_runs_of_a_tree_ask_about_lost_steps_under_different_names() -> None:
    names = set()
    for branch in (0, 1):
        story = child(branch)
        call = story.claim()
        story.tick(CallLost(call.number, call.attempt))
        names |= set(story.state.requests)

    assert len(names) == 2


def test_a_pause_keeps_a_copy_while_only_children_work() -> None:
    story = parent("child").tick(Paused("olga"))

    assert [saved.cause for saved in story.of(SaveSnapshot)] == ["paused"]
