"""Fan-out and join, concurrency, conflicts and buffers: what parallel calls share."""

from typing import Any

from tests.engine.definitions import RETRY, a_step, define
from tests.engine.story import Story
from workflows_app.engine import Event, InputRequestEvent, StopEvent
from workflows_app.engine.definition import StepDefinition
from workflows_app.engine.emission import as_request
from workflows_app.engine.state import Buffer, EventRecord
from workflows_app.engine.ticks import (
    CallDue,
    Collected,
    StepCompleted,
    StepConflicted,
    StepParked,
    VoteCast,
)

SPLIT = a_step("split", joins=("join",))
WORK = a_step("work", "Item")
JOIN = StepDefinition("join", (), None, 60.0, collects=("Done",))
ASK = a_step("go_on", "InputResponseEvent")


def fan_out(*events: Any) -> Story:
    story = Story(define(SPLIT, WORK, ASK, JOIN))
    return story.complete(story.claim(), *events, fanout=len(events))


def test_the_results_of_a_list_come_together_once_in_its_order() -> None:
    story = fan_out(*[Event("Item", n=n) for n in range(3)])
    first, second, third = [story.claim() for _ in range(3)]
    for call in (third, first):
        story.complete(call, Event("Done", of=call.number))
        assert story.ready == []

    story.complete(second, Event("Done", of=second.number))

    assert story.ready == ["join"]
    joined = story.claim().joined or ()
    bodies = [f'{{"of":{c.number}}}' for c in (first, second, third)]
    assert [r.body for r in joined] == bodies


def test_an_empty_list_joins_with_nothing() -> None:
    story = fan_out()

    assert story.ready == ["join"]
    assert story.claim().joined == ()


def test_a_member_that_ends_without_a_result_fails_the_run() -> None:
    story = fan_out(Event("Item"), Event("Item"))
    story.complete(story.claim(), Event("Done"))

    story.complete(story.claim())

    assert story.error["type"] == "StalledError"
    assert "member 2" in story.error["message"]


def test_a_question_inside_a_member_keeps_its_place_in_the_list() -> None:
    story = fan_out(Event("Item"), Event("Item"))
    story.complete(story.claim(), InputRequestEvent("q", "Well?"))
    story.complete(story.claim(), Event("Done", n=2))
    assert story.ready == []

    story.tick(VoteCast("q", None))
    story.complete(story.claim_step("go_on"), Event("Done", n=1))

    assert [r.body for r in story.claim().joined or ()] == ['{"n":1}', '{"n":2}']


def test_a_list_inside_a_list_joins_first() -> None:
    inner = a_step("inner", "Item", joins=("join",))
    outer_join = StepDefinition("outer", (), None, 60.0, collects=("Joined",))
    outer = a_step("split", joins=("outer",))
    story = Story(define(outer, inner, a_step("work", "Leaf"), JOIN, outer_join))
    story.complete(story.claim(), Event("Item"), Event("Item"), fanout=2)
    for _ in range(2):
        story.complete(
            story.claim_step("inner"), Event("Leaf"), Event("Leaf"), fanout=2
        )
    for _ in range(4):
        story.complete(story.claim_step("work"), Event("Done"))

    assert story.ready == ["join", "join"]
    for _ in range(2):
        story.complete(story.claim_step("join"), Event("Joined"))

    assert story.ready == ["outer"]
    assert len(story.claim().joined or ()) == 2


def test_a_result_out_of_no_list_reaches_nobody() -> None:
    story = Story(define(SPLIT, WORK, JOIN))

    story.complete(story.claim(), Event("Done"))

    assert "no list" in story.error["message"]


def test_only_so_many_calls_of_a_step_are_offered_at_once() -> None:
    story = Story(define(a_step("split"), a_step("work", "Item", max_concurrency=2)))

    story.complete(story.claim(), *[Event("Item", n=n) for n in range(5)])

    assert story.ready == ["work", "work"]
    story.complete(story.claim(), Event("Item", n=6))
    assert [c.phase for c in story.state.calls.values()] == [
        "ready",
        "ready",
        "held",
        "held",
        "held",
    ]


def test_one_at_a_time_means_that_a_retry_keeps_its_turn() -> None:
    work = a_step("work", "Item", max_concurrency=1, retry=RETRY)
    story = Story(define(a_step("split"), work))
    story.complete(story.claim(), Event("Item"), Event("Item"))

    story.fail(story.claim(), retryable=True)

    assert story.ready == []
    story.now += 10
    story.tick(CallDue(2))
    assert story.claim().number == 2


def test_one_at_a_time_means_that_a_call_keeps_its_turn_while_it_asks() -> None:
    work = a_step("work", "Item", max_concurrency=1)
    story = Story(define(a_step("split"), work, a_step("free", "Other")))
    story.complete(story.claim(), Event("Item"), Event("Item"), Event("Other"))
    first = story.claim()
    request = as_request(InputRequestEvent("name", "Who?", schema={"type": "string"}))

    story.tick(StepParked(first.number, first.attempt, "name", request))
    assert story.ready == ["free"]

    story.tick(VoteCast("name", "Ada"))
    assert story.claim_step("work").number == first.number


def test_a_call_in_its_back_off_keeps_no_other_step_waiting() -> None:
    steps = [
        a_step(name, retry=RETRY, max_concurrency=1, exclusive=True)
        for name in ("left", "right")
    ]
    story = Story(define(*steps))

    story.fail(story.claim_step("left"), retryable=True, delay=3600.0)

    assert story.ready == ["right"]


def test_exclusive_steps_never_overlap() -> None:
    left = a_step("left", exclusive=True)
    story = Story(define(left, a_step("right", exclusive=True), a_step("free")))

    assert story.ready == ["left", "free"]
    story.complete(story.claim_step("left"))
    assert story.ready == ["right", "free"]


def test_calls_that_conflicted_run_one_at_a_time() -> None:
    story = Story(define(a_step("split"), a_step("add", "Item")))
    story.complete(story.claim(), *[Event("Item")] * 3)
    calls = [story.claim() for _ in range(3)]
    for call in calls:
        story.tick(StepConflicted(call.number, call.attempt, ("total",)))

    assert story.ready == ["add"]
    story.complete(story.claim())
    assert story.ready == ["add"]


def test_others_of_a_step_begin_after_a_call_that_conflicted() -> None:
    story = Story(define(a_step("split"), a_step("add", "Item")))
    story.complete(story.claim(), *[Event("Item")] * 3)
    first = story.claim()

    story.tick(StepConflicted(first.number, first.attempt, ("total",)))

    assert [c.number for c in story.state.calls.values() if c.phase == "ready"] == [
        first.number
    ]
    story.complete(story.claim())
    assert story.ready == ["add", "add"]


def test_a_call_gives_up_after_its_fourth_conflict() -> None:
    story = Story(define(a_step("add")))
    for _ in range(4):
        call = story.claim()
        story.tick(StepConflicted(call.number, call.attempt, ("total",)))

    assert story.error["error_type"] == "StateConflictError"


def offer(story: Story, version: int, *left: str) -> Story:
    call = story.claim_step("gather")
    records = tuple(EventRecord(kind, (), "{}") for kind in left)
    collected = (Collected("gather:2", version, records),)
    return story.tick(StepCompleted(call.number, call.attempt, (), collected=collected))


def test_a_buffer_changes_only_for_who_saw_its_latest_version() -> None:
    story = Story(define(a_step("split"), a_step("gather", "Item")))
    story.complete(story.claim(), *[Event("Item")] * 3)

    offer(story, 0, "a")
    offer(story, 0, "b")

    assert story.kinds[-1] == "step_conflicted"
    assert story.state.buffers == {"gather:2": Buffer(1, (EventRecord("a", (), "{}"),))}
    assert offer(story, 1).state.buffers["gather:2"] == Buffer(2)


def test_a_stop_ends_all_lists_and_counts_what_it_drops() -> None:
    story = fan_out(Event("Item"), Event("Item"), Event("Item"))

    story.complete(story.claim(), StopEvent(result=1))

    assert story.state.fanouts == {}
    assert story.lines[-1].text == '{"result":1,"dropped":2}'
