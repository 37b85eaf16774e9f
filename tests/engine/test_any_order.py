"""Whatever comes, in whatever order: what must always hold.

Some hundred sequences on every run, 100,000 in the long lane (`make test-long`).
"""

import math
import os
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.definitions import RETRY, a_step, a_subworkflow, define
from tests.engine.story import Story
from workflows_app.engine import Event, InputRequestEvent, StopEvent, emission
from workflows_app.engine.commands import (
    CloseRequest,
    Finish,
    OpenRequest,
    RecordVote,
    RunStep,
    StartAttempt,
    StartChild,
)
from workflows_app.engine.definition import ExternalEvent, StepDefinition
from workflows_app.engine.policy import Responder, ReviewPolicy
from workflows_app.engine.state import FINISHED, Call, EventRecord, Place, State
from workflows_app.engine.ticks import (
    Aborted,
    CallClaimed,
    CallDue,
    CallLost,
    ChildFinished,
    ChildTold,
    Collected,
    Emitted,
    EventSent,
    Paused,
    RequestDue,
    Resumed,
    RunTimedOut,
    StepCompleted,
    StepConflicted,
    StepFailed,
    StepParked,
    StepRemembered,
    StepTimedOut,
    StepWaited,
    StreamWritten,
    Tick,
    VoteCast,
    VoteWithdrawn,
)

ORDERS = 100_000 if os.environ.get("HOLDPOINT_LONG") else 200
pytestmark = pytest.mark.timeout(3 * 3600 if ORDERS > 1000 else 120)

EVERYTHING = define(
    a_step("split", "StartEvent", "Again", joins=("join",)),
    a_step("left", "Left", retry=RETRY, max_concurrency=1),
    a_step("right", "Right", exclusive=True),
    a_step("also_right", "Right", exclusive=True, on_loss="ask"),
    a_step("decide", "InputResponseEvent"),
    a_step("mend", "StepFailedEvent", for_steps=("left",), max_recoveries=2),
    a_step("sub", "Big", subworkflow=a_subworkflow("a", "b")),
    a_step(
        "first", "Big", subworkflow=a_subworkflow("a", "b", merge="first_completes")
    ),
    StepDefinition("join", (), None, 60.0, collects=("Done",)),
    timeout=40.0,
    deadline=400.0,
    has_input_handler=True,
)
OPEN = replace(
    EVERYTHING,
    external_events=(
        ExternalEvent("Left", ("Event",)),
        ExternalEvent("Big", ("Event",), {"required": ["size"]}),
    ),
)
"""The same, but its runs also wait for events from outside."""

PEOPLE = [
    Responder("person", name, frozenset({"reviewers"})) for name in ("ada", "bob")
]


def _emitted(*events: object) -> tuple[Emitted, ...]:
    return tuple(emission.as_emitted(list(events), "step"))


def _ask(name: str, **options: Any) -> tuple[Emitted, ...]:
    return _emitted(InputRequestEvent(name, "Well?", choices=["yes", "no"], **options))


def _at(phase: str, dice: Random, state: State) -> tuple[int, int]:
    """The call and the attempt that a tick is for.

    Ticks for calls that are there get runs somewhere; those that slip past them are old
    news, of another attempt or of nothing at all.
    """
    found = [call for call in state.calls.values() if call.phase == phase]
    if not found or dice.random() < SLIPS:
        return dice.randint(1, 9), dice.randint(1, 3)
    call = dice.choice(found)
    return call.number, call.attempt


def _one_of(dice: Random, ticks: list[Tick]) -> Tick:
    return dice.choice(ticks)


def _claim(dice: Random, state: State) -> Tick:
    return CallClaimed(_at("ready", dice, state)[0], "w")


def _come_due(dice: Random, state: State) -> Tick:
    return CallDue(_at("later", dice, state)[0])


def _complete(dice: Random, state: State) -> Tick:
    emitted = dice.choice(OUTPUTS)
    return StepCompleted(
        *_at("running", dice, state),
        emitted,
        collected=dice.choice([(), (), (Collected("split:2", 0, ()),)]),
        fanout=dice.choice([None, len(emitted)]),
    )


def _attempt(dice: Random, state: State) -> Tick:
    """What may come of an attempt beside a completion."""
    call, attempt = _at("running", dice, state)
    return _one_of(
        dice,
        [
            StepFailed(call, attempt, "E", "m"),
            StepFailed(call, attempt, "E", "m", retryable=True),
            StepTimedOut(call, attempt, 1.0, 1.1),
            StepConflicted(call, attempt, ("key",)),
            StepRemembered(call, attempt, "once:a", "1"),
            StepWaited(call, attempt, "Slack"),
            StepWaited(call, attempt, None),
            StepParked(call, attempt, "one", ASKED),
            StreamWritten(call, attempt, (EventRecord("p", (), "{}"),)),
            CallLost(call, attempt),
            CallLost(call, attempt, counts=False),
        ],
    )


def _child(dice: Random, state: State) -> Tick:
    place = Place(*_at("away", dice, state), dice.randint(0, 1))
    if dice.random() < HALF:
        return ChildTold(
            place,
            dice.choice(["running", "waiting"]),
            is_working=dice.choice([True, False]),
        )
    status = dice.choice(["completed", "failed"])
    return ChildFinished(place, status, "1")


def _vote(dice: Random, _state: State) -> Tick:
    return VoteCast(
        dice.choice(NAMES),
        dice.choice(["yes", "yes", "no", None]),
        responder=dice.choice(PEOPLE),
        door=dice.choice(["browser", "python"]),
        hold_for=dice.choice([None, None, 5.0]),
    )


def _person(dice: Random, _state: State) -> Tick:
    name, who = dice.choice(NAMES), dice.choice(PEOPLE)
    return _one_of(dice, [VoteWithdrawn(name, who), RequestDue(name), Resumed()])


def _send_event(dice: Random, _state: State) -> Tick:
    kind = dice.choice(["Left", "Big", "Done", "InputResponseEvent"])
    fields: dict[str, float] = dice.choice([{}, {"size": 1}, {"size": math.nan}])
    return EventSent(kind, fields, dice.choice(PEOPLE))


def _end(dice: Random, state: State) -> Tick:
    stop = StepCompleted(
        *_at("running", dice, state), _emitted(StopEvent(result=1)), ()
    )
    return _one_of(dice, [Paused(), Aborted(), RunTimedOut(), stop])


SLIPS, HALF = 0.1, 0.5
NAMES = ["one", "two", "other"]
ASKED = emission.as_request(InputRequestEvent("one", "Well?"))
OUTPUTS = [
    _emitted(Event("Left"), Event("Right")),
    _emitted(Event("Left"), Event("Left")),
    _emitted(Event("Done")),
    _emitted(Event("Big")),
    _emitted(Event("Again")),
    _ask("one"),
    _ask("two", policy=ReviewPolicy(approvals=2, due_in=3, on_due="yes")),
    _emitted(InputRequestEvent("other", "Right?", expires_in=3)),
    (),
]
# Ends are rare enough for runs to get somewhere.
KINDS: dict[Callable[[Random, State], Tick], int] = {
    _claim: 10,
    _complete: 9,
    _attempt: 5,
    _child: 4,
    _vote: 4,
    _person: 4,
    _send_event: 2,
    _come_due: 2,
    _end: 1,
}


def make_tick(number: int, state: State) -> Tick:
    """The tick that a number stands for, in a run as it is."""
    dice = Random(number)  # noqa: S311 - no secret
    kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
    return kind(dice, state)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 2**32), min_size=30, max_size=60))
def test_any_ticks_in_any_order_keep_a_run_sound(numbers: list[int]) -> None:
    _play(numbers)


def test_random_orders_of_ticks_keep_a_run_sound() -> None:
    """As many as may be: this finds what is rare, the one above makes it small."""
    for seed in range(ORDERS):
        dice = Random(seed)  # noqa: S311 - no secret
        numbers = [dice.randint(0, 2**32) for _ in range(dice.randint(30, 60))]
        try:
            _play(numbers)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}, by {numbers}") from error


def _play(numbers: list[int]) -> None:
    story, seen = Story(OPEN if numbers[0] % 2 else EVERYTHING), _Seen()
    for number in numbers:
        before = story.state
        _send(story, make_tick(number, before))
        if before.is_finished:
            assert story.state == before, "what is over stays over"
        seen.look(story)
        _check(story)


def _send(story: Story, tick: Tick) -> None:
    """As a database would: an id that was used is refused, with the whole transition."""
    before = story.state
    story.tick(tick)
    ids = [command.request.request_id for command in story.of(OpenRequest)]
    if any(name in story.asked for name in ids) or len(set(ids)) < len(ids):
        story.state, story.commands = before, []
    else:
        story.asked.update(ids)


class _Seen:
    """What has been given out, asked, decided and ended so far."""

    def __init__(self) -> None:
        self.granted: set[tuple[int, int]] = set()
        self.children: set[Place] = set()
        self.asked: list[str] = []
        self.closed: list[str] = []
        self.decided: list[str] = []
        self.ends = 0

    def look(self, story: Story) -> None:
        for start in story.of(StartAttempt):
            token = start.call.number, start.call.attempt
            assert token not in self.granted, "each attempt is given out once"
            self.granted.add(token)
        for child in story.of(StartChild):
            assert child.place not in self.children, "each child is started once"
            self.children.add(child.place)
        self.asked += [c.request.request_id for c in story.of(OpenRequest)]
        self.closed += [c.request_id for c in story.of(CloseRequest)]
        self.ends += len(story.of(Finish))
        assert self.ends <= 1, "a run ends once"
        assert len(set(self.closed)) == len(self.closed) <= len(self.asked)
        answered = [c for c in story.of(CloseRequest) if c.status == "answered"]
        decisive = [c.request_id for c in story.of(RecordVote) if c.decides]
        self.decided += decisive
        assert all(c.request_id in self.decided for c in answered)
        offered = [run.call for run in story.of(RunStep)]
        assert all(call.phase == "ready" for call in offered)


def _check(story: Story) -> None:
    state = story.state
    calls = list(state.calls.values())
    if state.status in FINISHED:
        assert not any([state.calls, state.requests, state.fanouts])
        return
    awaits = story.definition.external_events
    assert calls or state.requests or awaits, "what has nothing left to do has ended"
    assert (state.status == "waiting") == all(call.is_waiting for call in calls)
    working = any(call.is_working for call in calls)
    assert working == (state.active_since is not None)
    assert all(call.attempt > 0 for call in state.running)
    assert not state.paused or not any(call.phase == "ready" for call in calls)
    _check_limits(calls)
    for call in calls:
        if call.phase == "parked":
            assert any(r.call == call.number for r in state.requests.values())


def _check_limits(calls: list[Call]) -> None:
    busy = [call for call in calls if call.phase in {"ready", "running"}]
    assert sum(call.step == "left" for call in busy) <= 1
    assert sum(call.step in {"right", "also_right"} for call in busy) <= 1
    assert sum(call.conflicts > 0 for call in busy) <= 1


def test_the_same_ticks_give_the_same_run() -> None:
    first, second = Story(EVERYTHING), Story(EVERYTHING)
    for story in (first, second):
        call = story.claim()
        story.complete(call, Event("Left"), Event("Right"), fanout=2)

    assert replace(first.state) == second.state
    assert first.commands == second.commands
