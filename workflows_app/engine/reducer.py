"""The rule of a run: definition, state and tick give the next state and commands.

Pure: no clock, no randomness, no I/O. News of an unknown call, attempt or request
changes nothing; that makes late, repeated and zombie results harmless.
"""

from dataclasses import replace
from typing import Any, assert_never

from . import answers
from .commands import Actor, ChangeState, Command, Refuse, StartAttempt
from .definition import Definition
from .errors import RunFinishedError
from .reduction import Reduction, quoted
from .state import Call, EventRecord, Request, State, Stop
from .ticks import (
    Aborted,
    CallClaimed,
    CallLost,
    Paused,
    RequestDue,
    Resumed,
    RunTimedOut,
    Started,
    StepCompleted,
    StepConflicted,
    StepFailed,
    StepTimedOut,
    StreamWritten,
    Tick,
    VoteCast,
)

MOST_LOSSES = 5
"""How often a call's worker may be lost before the run fails (engine.md, R42)."""


def reduce(
    definition: Definition, state: State, tick: Tick
) -> tuple[State, list[Command]]:
    """Move a run by one tick. The given state is left as it is."""
    work = Reduction(definition, state, tick.at)
    if isinstance(tick, Paused | Resumed | Aborted | VoteCast):
        _act(work, tick)
    elif not state.is_finished:
        _learn(work, tick)
    work.settle()
    return work.state, work.commands


def _act(work: Reduction, tick: Paused | Resumed | Aborted | VoteCast) -> None:
    """What a person wants: done, or refused with a reason."""
    if isinstance(tick, VoteCast):
        answers.cast_vote(work, tick)
    elif work.state.is_finished:
        if not (isinstance(tick, Aborted) and work.state.status == "aborted"):
            work.commands.append(Refuse(RunFinishedError(work.state.status)))
    elif isinstance(tick, Paused):
        _pause(work, tick)
    elif isinstance(tick, Resumed):
        _resume(work, tick)
    else:
        _abort(work, tick)


def _learn(work: Reduction, tick: Any) -> None:  # noqa: C901, PLR0912 - one case a tick
    """What happened: taken in, or old news."""
    match tick:
        case Started():
            _start(work, tick)
        case CallClaimed():
            _claim(work, tick)
        case StepCompleted():
            _complete(work, tick)
        case StepConflicted():
            _conflict(work, tick)
        case StepFailed():
            _fail(work, tick)
        case StepTimedOut():
            _time_out_step(work, tick)
        case CallLost():
            _lose(work, tick)
        case StreamWritten():
            _write(work, tick)
        case RequestDue():
            answers.expire(work, tick)
        case RunTimedOut():
            _time_out_run(work)
        case _:
            assert_never(tick)


def _start(work: Reduction, tick: Started) -> None:
    if work.state.started_at:
        return
    work.state.started_at = tick.at
    work.state.started_by = tick.started_by
    actor = Actor("person" if tick.started_by else "engine", tick.started_by or "")
    work.publish("run_started", body={"event_type": tick.event.type}, actor=actor)
    work.deliver(tick.event)


def _claim(work: Reduction, tick: CallClaimed) -> None:
    call = work.state.calls.get(tick.call)
    if call is None or call.running or work.state.paused:
        return
    call = replace(call, attempt=call.attempt + 1, running=True)
    work.state.calls[call.number] = call
    work.publish_call("step_started", call, {"worker": tick.worker})
    limit = work.definition.step(call.step).timeout
    work.commands.append(StartAttempt(call, tick.worker, limit, _time_left(work)))


def _time_left(work: Reduction) -> float | None:
    """Seconds until the run itself is out of time, while it is active."""
    definition, state = work.definition, work.state
    left = []
    if definition.timeout is not None:
        left.append(definition.timeout - state.active_at(work.at))
    if definition.deadline is not None:
        left.append(state.started_at + definition.deadline - work.at)
    return max(0.0, min(left)) if left else None


def _complete(work: Reduction, tick: StepCompleted) -> None:
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        _discard(work, tick)
        return
    for emitted in tick.emitted:
        problem = work.find_unroutable(emitted)
        if problem is not None:
            _end_with_failure(work, call, _failure(call, "NoHandlerError", problem))
            return
    work.end(call)
    if tick.changes:
        work.commands.append(ChangeState(tick.changes))
    kinds = [_kind(emitted) for emitted in tick.emitted]
    body = {"event_types": kinds, "duration_ms": round(tick.seconds * 1000, 1)}
    work.publish_call("step_completed", call, body)
    for emitted in tick.emitted:
        if work.state.is_finished:
            break  # the first StopEvent wins; what came with it is dropped
        _emit(work, call, emitted)


def _emit(work: Reduction, call: Call, emitted: Any) -> None:
    if isinstance(emitted, Stop):
        work.finish("completed", result=emitted.result)
    elif isinstance(emitted, Request):
        work.open(emitted, step=call.step)
    else:
        work.deliver(emitted, source=call.step)


def _kind(emitted: EventRecord | Request | Stop) -> str:
    if isinstance(emitted, EventRecord):
        return emitted.type
    return "StopEvent" if isinstance(emitted, Stop) else "InputRequestEvent"


def _conflict(work: Reduction, tick: StepConflicted) -> None:
    """Run the step again from fresh state: another step changed what it had read."""
    call = work.find_running(tick.call, tick.attempt)
    if call is not None:
        work.publish_call("step_conflicted", call, {"keys": list(tick.keys)})
        work.rerun(call, lost=False)


def _fail(work: Reduction, tick: StepFailed) -> None:
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        _discard(work, tick)
        return
    error = _failure(call, tick.error_type, tick.message)
    error["traceback"] = tick.traceback
    error["duration_ms"] = round(tick.seconds * 1000, 1)
    _end_with_failure(work, call, error)


def _failure(call: Call, error_type: str, message: str) -> dict[str, Any]:
    return {
        "type": "StepFailedError",
        "step_name": call.step,
        "attempt": call.attempt,
        "error_type": error_type,
        "message": message,
    }


def _end_with_failure(work: Reduction, call: Call, error: dict[str, Any]) -> None:
    work.publish_call("step_failed", call, error)
    work.end(call)
    work.fail(error)


def _time_out_step(work: Reduction, tick: StepTimedOut) -> None:
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        return
    error = {
        "type": "TimeoutError",
        "scope": "step",
        "step_name": call.step,
        "attempt": call.attempt,
        "limit_seconds": tick.limit,
        "elapsed_seconds": round(tick.elapsed, 3),
        "message": f"Step {call.step!r} ran longer than {tick.limit:g} s.",
    }
    work.publish_call("step_timed_out", call, error)
    work.end(call)
    work.fail(error)


def _lose(work: Reduction, tick: CallLost) -> None:
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        return
    losses = call.losses + tick.counts
    work.publish_call("step_lost", call, {"losses": losses})
    if losses < MOST_LOSSES:
        work.rerun(call, lost=tick.counts)
        return
    message = f"The worker of step {call.step!r} was lost {MOST_LOSSES} times."
    work.end(call)
    work.fail({"type": "StepLostError", "step_name": call.step, "message": message})


def _write(work: Reduction, tick: StreamWritten) -> None:
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        return
    for event in tick.events:
        text = f'{{"event_type":{quoted(event.type)},"event":{event.body}}}'
        work.publish(
            "progress",
            text=text,
            step=call.step,
            call=call.number,
            attempt=call.attempt,
        )


def _discard(work: Reduction, tick: StepCompleted | StepFailed) -> None:
    work.publish("step_discarded", call=tick.call, attempt=tick.attempt)


def _pause(work: Reduction, tick: Paused) -> None:
    if work.state.paused:
        return
    work.state.paused = True
    actor = Actor("person", tick.actor)
    work.publish("run_paused", body={"reason": tick.reason}, actor=actor)


def _resume(work: Reduction, tick: Resumed) -> None:
    if not work.state.paused:
        return
    work.state.paused = False
    work.publish("run_resumed", actor=Actor("person", tick.actor))
    for call in work.state.calls.values():
        if not call.running:
            work.offer(call)


def _abort(work: Reduction, tick: Aborted) -> None:
    reason = f": {tick.reason}" if tick.reason else "."
    error = {
        "type": "RunAbortedError",
        "actor": tick.actor,
        "reason": tick.reason,
        "message": f"{tick.actor} aborted the run{reason}",
    }
    work.finish("aborted", error=error, actor=Actor("person", tick.actor))


def _time_out_run(work: Reduction) -> None:
    """End the run if its time really is over: the deadline first, then the active."""
    state, definition = work.state, work.definition
    elapsed, active = work.at - state.started_at, state.active_at(work.at)
    if definition.deadline is not None and elapsed >= definition.deadline:
        _end_late(work, "deadline", definition.deadline, elapsed)
    elif definition.timeout is not None and active >= definition.timeout:
        _end_late(work, "workflow", definition.timeout, active)


def _end_late(work: Reduction, scope: str, limit: float, elapsed: float) -> None:
    error = {
        "type": "TimeoutError",
        "scope": scope,
        "limit_seconds": limit,
        "elapsed_seconds": round(elapsed, 3),
        "active_steps": [call.step for call in work.state.running],
        "message": f"The run took longer than its {scope} limit of {limit:g} s.",
    }
    work.finish("timed_out", error=error)
