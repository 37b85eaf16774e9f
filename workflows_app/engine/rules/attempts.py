"""What the attempts of a call do to a run: begin, end, park, get lost, speak."""

from dataclasses import replace
from typing import Any

from workflows_app.engine.commands import ChangeState, StartAttempt
from workflows_app.engine.definition import INPUT_HANDLER
from workflows_app.engine.state import Buffer, Call, EventRecord, Request, Stop
from workflows_app.engine.ticks import (
    CallClaimed,
    CallDue,
    Emitted,
    StepCompleted,
    StepConflicted,
    StepFailed,
    StepParked,
    StepRemembered,
    StepTimedOut,
    StepWaited,
    StreamWritten,
)

from . import failures, fanin
from .reduction import RESPONSE, Reduction, quoted

MOST_CONFLICTS = 3
"""How often a call is run again because of changed state (engine.md, R51)."""


def claim(work: Reduction, tick: CallClaimed) -> None:
    """Give out the next attempt of a call that is ready."""
    call = work.state.calls.get(tick.call)
    if call is None or call.phase != "ready" or work.state.paused:
        return
    call = work.change(call, attempt=call.attempt + 1, phase="running", waiting=None)
    work.publish_call("step_started", call, {"worker": tick.worker})
    state, deadline = work.state, work.definition.deadline
    work.commands.append(
        StartAttempt(
            call,
            tick.worker,
            work.definition.step(call.step).timeout,
            work.active_left(),
            deadline=None if deadline is None else state.started_at + deadline,
            buffers={k: b for k, b in state.buffers.items() if _is_of(k, call)},
            session_keys=state.session_keys,
            session_epoch=state.session_epoch,
        )
    )


def _is_of(key: str, call: Call) -> bool:
    return key.startswith(f"{call.step}:")


def complete(work: Reduction, tick: StepCompleted) -> None:
    """Take in all that an attempt did, or nothing of it."""
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        discard(work, tick)
        return
    stale = [c.key for c in tick.collected if _version(work, c.key) != c.version]
    if stale:
        _run_again(work, call, stale)
        return
    body: dict[str, Any] = {"duration_ms": round(tick.seconds * 1000, 1)}
    if not end(work, call, tick.emitted, body, listed=tick.fanout):
        return
    if tick.changes:
        work.commands.append(ChangeState(tick.changes))
    for collected in tick.collected:
        _keep_buffer(work, collected.key, collected.left)
    keys = {*work.state.session_keys, *tick.session_keys}
    work.state.session_keys = tuple(sorted(keys.difference(tick.session_removed)))
    work.state.session_is_live |= bool(tick.session_keys)


def end(
    work: Reduction,
    call: Call,
    emitted: tuple[Emitted, ...],
    body: dict[str, Any],
    *,
    listed: int | None = None,
) -> bool:
    """Close a call with what it emitted; False when nobody would take that (R7, R22)."""
    placed = fanin.place(work.definition, call, emitted, listed)
    fanin.fan_out(work, call, listed)
    for item, members in placed:
        problem = find_unroutable(work, item, members)
        if problem is not None:
            work.state.fanouts.pop(call.number, None)
            failures.refuse(work, call, "NoHandlerError", problem)
            return False
    work.end(call)
    work.state.completed_steps += call.step != INPUT_HANDLER
    kinds = [_kind(item) for item in emitted]
    body = {"event_types": kinds, "completed": work.state.completed_steps, **body}
    work.publish_call("step_completed", call, body)
    for item, members in placed:
        if work.state.is_finished:
            break  # the first StopEvent wins; what came with it is dropped
        _emit(work, call, item, members)
    return True


def _emit(work: Reduction, call: Call, item: Emitted, members: Any) -> None:
    if isinstance(item, Stop):
        work.finish("completed", result=item.result)
    elif isinstance(item, Request):
        placed = replace(call, event=replace(call.event, members=members))
        work.open(item, placed)
    else:
        event = replace(item, members=members)
        work.deliver(event, cause=call.event, source=call.step)


def _kind(item: Emitted) -> str:
    if isinstance(item, EventRecord):
        return item.type
    return "StopEvent" if isinstance(item, Stop) else "InputRequestEvent"


def find_unroutable(work: Reduction, item: Emitted, members: Any) -> str | None:
    """Why the event, or the answer to the request, would reach no step."""
    if isinstance(item, EventRecord):
        return _find_unroutable(work, item.types, members, item.type)
    if isinstance(item, Request) and item.purpose == "event":
        kind, bases = item.respond_as or RESPONSE
        what = f"{kind}, the answer to {item.request_id!r}"
        problem = _find_unroutable(work, (kind, *bases), members, what)
        if problem is None and item.on_expire is not None:
            return find_unroutable(work, item.on_expire, members)
        return problem
    return None


def _find_unroutable(
    work: Reduction, types: tuple[str, ...], members: Any, what: str
) -> str | None:
    definition = work.definition
    if definition.accepting(types) or work.find_joins(types, members):
        return None
    if set(types[:1]) & set(definition.ignore_unhandled):
        return None
    if definition.collecting(types):
        return f"{what} is taken by a joining step only, but comes out of no list."
    return f"No step accepts {what}."


def _version(work: Reduction, key: str) -> int:
    return work.state.buffers.get(key, Buffer()).version


def _keep_buffer(work: Reduction, key: str, events: tuple[EventRecord, ...]) -> None:
    if not work.state.is_finished:
        work.state.buffers[key] = Buffer(_version(work, key) + 1, events)


def conflict(work: Reduction, tick: StepConflicted) -> None:
    """Run the step again from fresh state: another step changed what it had read."""
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        discard(work, tick)
    else:
        _run_again(work, call, list(tick.keys))


def _run_again(work: Reduction, call: Call, keys: list[str]) -> None:
    work.publish_call("step_conflicted", call, {"keys": keys})
    if call.conflicts < MOST_CONFLICTS:
        work.change(call, phase="held", conflicts=call.conflicts + 1, waiting=None)
        _hold_back(work, call.step)
        return
    names = ", ".join(keys)
    message = f"Other steps changed {names} each of {MOST_CONFLICTS + 1} times."
    error = failures.make_error(call, "StateConflictError", message)
    work.publish_call("step_failed", call, error)
    fresh = work.change(call, conflicts=0)
    failures.settle(work, fresh, error, retryable=True)


def _hold_back(work: Reduction, step: str) -> None:
    """Calls of a step that have not begun wait until no other has to run again."""
    for call in list(work.state.calls.values()):
        if call.step == step and call.phase == "ready" and not call.conflicts:
            work.change(call, phase="held")


def fail(work: Reduction, tick: StepFailed | StepTimedOut) -> None:
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        discard(work, tick)
    elif isinstance(tick, StepFailed):
        failures.fail(work, call, tick)
    else:
        failures.time_out(work, call, tick)


def discard(
    work: Reduction, tick: StepCompleted | StepConflicted | StepFailed | StepTimedOut
) -> None:
    """Write down that an attempt came too late; one that was too slow needs no line."""
    if not isinstance(tick, StepTimedOut):
        work.publish("step_discarded", call=tick.call, attempt=tick.attempt)


def park(work: Reduction, tick: StepParked) -> None:
    """Give the worker free: the call goes on when its question is answered (R19)."""
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        return
    late = tick.request.on_expire
    problem = find_unroutable(work, late, call.event.members) if late else None
    if problem is not None:
        failures.refuse(work, call, "NoHandlerError", problem)
        return
    work.publish_call("step_parked", call, {"request_id": tick.request.request_id})
    parked = work.change(call, phase="parked", waiting=None)
    work.open(replace(tick.request, purpose="call", call=call.number), parked)


def remember(work: Reduction, tick: StepRemembered) -> None:
    call = work.find_running(tick.call, tick.attempt)
    if call is not None:
        work.change(call, remembered={**call.remembered, tick.key: tick.text})


def wait(work: Reduction, tick: StepWaited) -> None:
    """A body waits for a person, or does not any more: that time is free (R20)."""
    call = work.find_running(tick.call, tick.attempt)
    if call is None or call.waiting == tick.reason:
        return
    work.change(call, waiting=tick.reason)
    kind = "step_waiting" if tick.reason is not None else "step_went_on"
    reason = tick.reason if tick.reason is not None else call.waiting
    work.publish_call(kind, call, {"reason": reason})


def come_due(work: Reduction, tick: CallDue) -> None:
    """Let a call go on whose back-off, or whose time before the start, is over."""
    call = work.state.calls.get(tick.call)
    if call is not None and is_due(work, call) and not work.state.paused:
        work.change(call, phase="held", not_before=None)


def is_due(work: Reduction, call: Call) -> bool:
    return call.phase == "later" and (call.not_before or 0.0) <= work.at


def write(work: Reduction, tick: StreamWritten) -> None:
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
