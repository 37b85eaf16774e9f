"""Whatever comes, in whatever order: what must always hold."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.story import Story
from tests.flows import Left, Right, two_branches
from workflows_app.engine import InputRequestEvent, StopEvent, emission
from workflows_app.engine.commands import (
    CloseRequest,
    Finish,
    OpenRequest,
    RecordResponse,
    StartAttempt,
)
from workflows_app.engine.state import FINISHED
from workflows_app.engine.ticks import (
    Aborted,
    CallClaimed,
    CallLost,
    Emitted,
    Paused,
    RequestDue,
    Resumed,
    RunTimedOut,
    StepCompleted,
    StepFailed,
    StepTimedOut,
    Tick,
    VoteCast,
)


def _emitted(*events: object) -> tuple[Emitted, ...]:
    return tuple(emission.as_emitted(list(events), "step"))


calls = st.integers(1, 6)
attempts = st.integers(1, 3)
names = st.sampled_from(["left", "right", "other"])
outputs = st.sampled_from(
    [
        _emitted(Left(), Right()),
        _emitted(Left()),
        _emitted(InputRequestEvent("left", "Left?", choices=["yes"])),
        _emitted(InputRequestEvent("right", "Right?", expires_in=3)),
        _emitted(StopEvent(result=1)),
        (),
    ]
)
ticks: st.SearchStrategy[Tick] = st.one_of(
    st.builds(CallClaimed, calls, st.just("w")),
    st.builds(StepCompleted, calls, attempts, outputs),
    st.builds(StepFailed, calls, attempts, st.just("E"), st.just("m")),
    st.builds(StepTimedOut, calls, attempts, st.just(1.0), st.just(1.1)),
    st.builds(CallLost, calls, attempts),
    st.builds(VoteCast, names, st.sampled_from(["yes", "no", None])),
    st.builds(RequestDue, names),
    st.builds(Paused),
    st.builds(Resumed),
    st.builds(Aborted),
    st.builds(RunTimedOut),
)
# Ends and failures are rare enough for runs to get somewhere.
mostly_work = st.one_of(
    st.builds(CallClaimed, calls, st.just("w")),
    st.builds(StepCompleted, calls, attempts, outputs),
    ticks,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(mostly_work, max_size=40))
def test_any_ticks_in_any_order_keep_a_run_sound(sequence: list[Tick]) -> None:
    story = Story(two_branches)
    granted: set[tuple[int, int]] = set()
    asked: list[str] = []
    closed: list[str] = []
    answered: list[str] = []
    ends = 0
    for tick in sequence:
        before = story.state
        story.tick(tick)
        if before.is_finished:
            assert story.state == before, "what is over stays over"
        for start in story.of(StartAttempt):
            token = start.call.number, start.call.attempt
            assert token not in granted, "each attempt is given out once"
            granted.add(token)
        asked += [command.request.request_id for command in story.of(OpenRequest)]
        ends += len(story.of(Finish))
        closed += [command.request_id for command in story.of(CloseRequest)]
        answered += [command.request_id for command in story.of(RecordResponse)]
        _check(story)
    assert ends <= 1, "a run ends once"
    assert len(closed) <= len(asked), "only what was asked is closed"
    assert len(answered) <= len(closed), "each answer closes its request"


def _check(story: Story) -> None:
    state = story.state
    if state.status in FINISHED:
        assert not state.calls
        assert not state.requests
    elif state.status == "waiting":
        assert not state.calls
        assert state.requests
    else:
        assert state.calls
    assert bool(state.running) == (state.active_since is not None)
    assert all(call.attempt > 0 for call in state.running)
