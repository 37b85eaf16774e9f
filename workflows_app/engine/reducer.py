"""The rule of a run: definition, state and tick give the next state and commands.

Pure: no clock, no randomness, no I/O. News of an unknown call, attempt or request
changes nothing; that makes late, repeated and zombie results harmless.
"""

from dataclasses import replace
from typing import assert_never

from .commands import Actor, CloseRequest, Command, Refuse
from .definition import Definition
from .errors import RequestExpiredError, RunFinishedError, SessionNotEmptyError
from .rules import (
    answers,
    arrivals,
    attempts,
    children,
    delegation,
    early_answers,
    limits,
    losses,
    moments,
    settling,
    withdrawals,
)
from .rules.reduction import Reduction
from .state import State
from .ticks import (
    Aborted,
    Act,
    Asked,
    CallClaimed,
    CallDue,
    CallLost,
    ChildFinished,
    ChildTold,
    Delegated,
    EventSent,
    Happening,
    OfCall,
    Paused,
    RequestDue,
    Resumed,
    RunTimedOut,
    Started,
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


def reduce(
    definition: Definition, state: State, tick: Tick
) -> tuple[State, list[Command]]:
    """Move a run by one tick. The given state is left as it is."""
    work = Reduction(definition, state, tick.at)
    if isinstance(tick, Act):
        _act(work, tick)
    elif not state.is_finished:
        _learn(work, tick)
    settling.settle(work)
    return work.state, work.commands


def _act(work: Reduction, tick: Act) -> None:
    """What a person wants: done, or refused with a reason."""
    if isinstance(tick, VoteCast):
        _vote(work, tick)
    elif work.state.is_finished:
        if not (isinstance(tick, Aborted) and work.state.status == "aborted"):
            work.commands.append(Refuse(RunFinishedError(work.state.status)))
    else:
        _act_on_live(work, tick)


def _vote(work: Reduction, tick: VoteCast) -> None:
    """An answer after the end of its time is too late, also when nobody noticed yet."""
    was_open = tick.request_id in work.state.requests
    moments.come_due(work, RequestDue(tick.request_id, at=tick.at))
    expired = CloseRequest(tick.request_id, "expired")
    if was_open and expired in work.commands:
        work.commands.append(Refuse(RequestExpiredError()))
    elif early_answers.is_early(work, tick):
        early_answers.hold(work, tick)
    else:
        answers.cast_vote(work, tick)


def _act_on_live(
    work: Reduction,
    tick: VoteWithdrawn | Delegated | EventSent | Paused | Resumed | Aborted,
) -> None:
    match tick:
        case VoteWithdrawn():
            moments.come_due(work, RequestDue(tick.request_id, at=tick.at))
            withdrawals.withdraw(work, tick)
        case Delegated():
            delegation.delegate(work, tick)
        case EventSent():
            arrivals.arrive(work, tick)
        case Paused():
            _pause(work, tick)
        case Resumed():
            _resume(work, tick)
        case Aborted():
            _abort(work, tick)
        case _:
            assert_never(tick)


def _learn(work: Reduction, tick: Happening) -> None:
    """What happened: taken in, or old news."""
    match tick:
        case Started() | Asked():
            _start(work, tick)
        case RequestDue():
            moments.come_due(work, tick)
        case RunTimedOut():
            limits.time_out(work)
        case ChildTold():
            children.hear(work, tick)
        case ChildFinished():
            children.finish(work, tick)
        case _:
            _learn_of_call(work, tick)


def _learn_of_call(  # noqa: C901, PLR0912 - one case a tick
    work: Reduction,
    tick: OfCall,
) -> None:
    match tick:
        case CallClaimed():
            attempts.claim(work, tick)
        case StepCompleted():
            attempts.complete(work, tick)
        case StepConflicted():
            attempts.conflict(work, tick)
        case StepFailed() | StepTimedOut():
            attempts.fail(work, tick)
        case StepParked():
            attempts.park(work, tick)
        case StepRemembered():
            attempts.remember(work, tick)
        case StepWaited():
            attempts.wait(work, tick)
        case CallLost():
            losses.lose(work, tick)
        case CallDue():
            attempts.come_due(work, tick)
        case StreamWritten():
            attempts.write(work, tick)
        case _:
            assert_never(tick)


def _start(work: Reduction, tick: Started | Asked) -> None:
    if work.state.started_at:
        return
    work.state.started_at = tick.at
    work.state.started_by = tick.started_by
    actor = Actor("person" if tick.started_by else "engine", tick.started_by or "")
    if isinstance(tick, Asked):
        work.publish("run_started", actor=actor)
        work.show(replace(tick.request, opened_at=tick.at))
        return
    work.state.started_at = max(tick.at, tick.not_before or 0.0)
    work.state.place, work.state.budget = tick.place, tick.budget
    work.publish("run_started", body={"event_type": tick.event.type}, actor=actor)
    work.deliver(tick.event, not_before=tick.not_before)


def _pause(work: Reduction, tick: Paused) -> None:
    """Start nothing new, here and in the runs that work for this one (R23)."""
    state = work.state
    if state.paused:
        return
    if state.has_session and work.definition.session_pause_policy == "hard_error":
        work.commands.append(Refuse(SessionNotEmptyError(state.session_keys)))
        return
    state.paused = True
    actor = Actor("person", tick.actor)
    work.publish("run_paused", body={"reason": tick.reason}, actor=actor)
    if state.has_session:
        state.session_epoch += 1
        state.session_is_live = False
        work.publish("session_dropped", body={"keys": list(state.session_keys)})
    for call in list(state.calls.values()):
        work.tell_children(call, tick)
        if call.phase == "ready":
            work.change(call, phase="held")


def _resume(work: Reduction, tick: Resumed) -> None:
    """Go on; what became due in the meantime happens now, in the order of its time."""
    state = work.state
    if not state.paused:
        return
    state.paused = False
    work.publish("run_resumed", actor=Actor("person", tick.actor))
    for call in state.calls.values():
        work.tell_children(call, tick)
    due: list[tuple[float, CallDue | RequestDue]] = [
        (call.not_before or 0.0, CallDue(call.number, at=work.at))
        for call in state.calls.values()
        if attempts.is_due(work, call)
    ]
    due += [
        (request.due_at, RequestDue(request.request_id, at=work.at))
        for request in state.requests.values()
        if request.due_at is not None and request.due_at <= work.at
    ]
    for _, news in sorted(due, key=lambda pair: pair[0]):
        if not work.state.is_finished:
            _learn(work, news)


def _abort(work: Reduction, tick: Aborted) -> None:
    reason = f": {tick.reason}" if tick.reason else "."
    error = {
        "type": "RunAbortedError",
        "actor": tick.actor,
        "reason": tick.reason,
        "message": f"{tick.actor} aborted the run{reason}",
    }
    work.finish("aborted", error=error, actor=Actor("person", tick.actor))
