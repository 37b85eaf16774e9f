"""Whatever comes, in whatever order: what must always hold.

Three hundred sequences on every run, 100,000 in the long lane (`make test-long`).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from workflows_app.engine.definition import StepDefinition
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

IS_LONG = bool(os.environ.get("HOLDPOINT_LONG"))
EXAMPLES = 100_000 if IS_LONG else 300
pytestmark = pytest.mark.timeout(3 * 3600 if IS_LONG else 120)

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
PEOPLE = [
    Responder("person", name, frozenset({"reviewers"})) for name in ("ada", "bob")
]


def _emitted(*events: object) -> tuple[Emitted, ...]:
    return tuple(emission.as_emitted(list(events), "step"))


def _ask(name: str, **options: Any) -> tuple[Emitted, ...]:
    return _emitted(InputRequestEvent(name, "Well?", choices=["yes", "no"], **options))


@dataclass(frozen=True)
class Move:
    """A tick in the making: it goes to something of the run, or `slips` past it.

    Ticks for calls and children that are there get runs somewhere; those that slip
    are old news, of another attempt or of nothing at all.
    """

    make: Callable[..., Tick]
    phase: str
    pick: int
    slips: bool

    def tick(self, state: State) -> Tick:
        found = [call for call in state.calls.values() if call.phase == self.phase]
        if self.slips or not found:
            return self.make(self.pick % 9 + 1, self.pick % 3 + 1)
        call = found[self.pick % len(found)]
        return self.make(call.number, call.attempt)


def _to_calls(phase: str, *makers: st.SearchStrategy[Any]) -> st.SearchStrategy[Move]:
    slips = st.integers(0, 9).map(lambda n: n == 0)
    return st.builds(
        Move, st.one_of(*makers), st.just(phase), st.integers(0, 99), slips
    )


def _claim(call: int, _attempt: int) -> Tick:
    return CallClaimed(call, "w")


def _due(call: int, _attempt: int) -> Tick:
    return CallDue(call)


def _attempted(kind: Callable[..., Tick], *args: Any, **more: Any) -> Any:
    return st.just(lambda call, attempt: kind(call, attempt, *args, **more))


def _completed(emitted: Any, fanout: Any, buffered: Any) -> Callable[..., Tick]:
    listed = None if fanout is None else len(emitted)
    return lambda call, attempt: StepCompleted(
        call, attempt, emitted, collected=buffered, fanout=listed
    )


def _finished(branch: int, status: str) -> Callable[..., Tick]:
    return lambda call, attempt: ChildFinished(
        Place(call, attempt, branch), status, "1", active_seconds=1.0
    )


def _told(branch: int, status: str) -> Callable[..., Tick]:
    return lambda call, attempt: ChildTold(Place(call, attempt, branch), status)


ASKED = emission.as_request(InputRequestEvent("one", "Well?"))
names = st.sampled_from(["one", "two", "other"])
people = st.sampled_from(PEOPLE)
outputs = st.sampled_from(
    [
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
)
buffers = st.sampled_from([(), (), (Collected("split:2", 0, ()),)])
claims = _to_calls("ready", st.just(_claim))
completions = _to_calls(
    "running", st.builds(_completed, outputs, st.sampled_from([None, 1]), buffers)
)
of_attempts = _to_calls(
    "running",
    _attempted(StepFailed, "E", "m"),
    _attempted(StepFailed, "E", "m", retryable=True),
    _attempted(StepTimedOut, 1.0, 1.1),
    _attempted(StepConflicted, ("key",)),
    _attempted(StepRemembered, "once:a", "1"),
    _attempted(StepWaited, "Slack"),
    _attempted(StepWaited, None),
    _attempted(StepParked, "one", ASKED),
    _attempted(StreamWritten, (EventRecord("p", (), "{}"),)),
    _attempted(CallLost),
    _attempted(CallLost, counts=False),
)
of_children = _to_calls(
    "away",
    st.builds(_told, st.integers(0, 1), st.sampled_from(["running", "waiting"])),
    st.builds(_finished, st.integers(0, 1), st.sampled_from(["completed", "failed"])),
)
of_people: st.SearchStrategy[Tick] = st.one_of(
    st.builds(
        VoteCast,
        names,
        st.sampled_from(["yes", "yes", "no", None]),
        responder=people,
        door=st.sampled_from(["browser", "python"]),
        hold_for=st.sampled_from([None, None, 5.0]),
    ),
    st.builds(VoteWithdrawn, names, people),
    st.builds(RequestDue, names),
    st.builds(Resumed),
)
ends: st.SearchStrategy[Any] = st.one_of(
    st.builds(Paused),
    st.builds(Aborted),
    st.builds(RunTimedOut),
    _to_calls("running", _attempted(StepCompleted, _emitted(StopEvent(result=1)))),
)
# Ends are rare enough for runs to get somewhere.
weighed: list[st.SearchStrategy[Any]] = [
    *[claims] * 10,
    *[completions] * 9,
    *[of_attempts] * 5,
    *[of_children] * 4,
    *[of_people] * 7,
    *[_to_calls("later", st.just(_due))] * 2,
    ends,
]
moves: st.SearchStrategy[Tick | Move] = st.integers(0, len(weighed) - 1).flatmap(
    weighed.__getitem__
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(moves, min_size=30, max_size=60))
def test_any_ticks_in_any_order_keep_a_run_sound(sequence: list[Tick | Move]) -> None:
    story, seen = Story(EVERYTHING), _Seen()
    for move in sequence:
        before = story.state
        tick = move.tick(before) if isinstance(move, Move) else move
        _send(story, tick)
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
    assert calls or state.requests, "a run that has nothing left to do has ended"
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
