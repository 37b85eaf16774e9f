"""What becomes of a call that failed: tried again, recovered from, or the run's end."""

from dataclasses import replace
from typing import Any

from workflows_app.engine.definition import INPUT_HANDLER, StepDefinition
from workflows_app.engine.state import Call, EventRecord
from workflows_app.engine.ticks import StepFailed, StepTimedOut
from workflows_app.engine.values import load

from .reduction import Reduction, make_record

FAILED = "StepFailedEvent"


def fail(work: Reduction, call: Call, tick: StepFailed) -> None:
    """An attempt raised."""
    error = make_error(call, tick.error_type, tick.message)
    error["traceback"] = tick.traceback
    error["duration_ms"] = round(tick.seconds * 1000, 1)
    work.publish_call("step_failed", call, error)
    settle(
        work, call, error, retryable=tick.retryable, wait=tick.delay, chance=tick.chance
    )


def time_out(work: Reduction, call: Call, tick: StepTimedOut) -> None:
    """An attempt was too slow, which is a failure like others (R38)."""
    error = {
        "type": "TimeoutError",
        "scope": "step",
        "step_name": call.step,
        "attempt": call.attempt,
        "limit_seconds": tick.limit,
        "elapsed_seconds": round(tick.elapsed, 3),
        "active_steps": [running.step for running in work.state.running],
        "message": f"Step {call.step!r} ran longer than {tick.limit:g} s.",
    }
    work.publish_call("step_timed_out", call, error)
    rule = work.definition.step(call.step).retry
    retryable = rule is not None and rule.on_timeout
    settle(work, call, error, retryable=retryable, chance=tick.chance)


def refuse(work: Reduction, call: Call, error_type: str, message: str) -> None:
    """What the attempt wants is impossible; trying again would not help."""
    error = make_error(call, error_type, message)
    work.publish_call("step_failed", call, error)
    settle(work, call, error)


def make_error(call: Call, error_type: str, message: str) -> dict[str, Any]:
    return {
        "type": "StepFailedError",
        "step_name": call.step,
        "attempt": call.attempt,
        "error_type": error_type,
        "message": message,
    }


def settle(  # noqa: PLR0913 - the verdict on an error
    work: Reduction,
    call: Call,
    error: dict[str, Any],
    *,
    retryable: bool = False,
    wait: float | None = None,
    chance: float = 1.0,
) -> None:
    """Try again later, or let a handler recover, or end the run with this error."""
    step = work.definition.step(call.step)
    failures = call.failures + 1
    if retryable and step.retry is not None and failures < step.retry.max_attempts:
        delay = step.retry.delay(failures, chance) if wait is None else wait
        work.change(
            call,
            phase="later",
            not_before=work.at + delay,
            failures=failures,
            waiting=None,
            children=(),
        )
        body = {"delay_seconds": round(delay, 3), "failures": failures}
        work.publish_call("step_retry_scheduled", call, body)
        return
    work.end(call)
    if call.step == INPUT_HANDLER:
        return  # the question stays, for people
    if not _recover(work, step, call, error):
        work.fail(error)


def _recover(
    work: Reduction, step: StepDefinition, call: Call, error: dict[str, Any]
) -> bool:
    """Tell the step that takes failures of this one, if its line may still recover."""
    handlers = [
        s
        for s in work.definition.steps
        if FAILED in s.accepts and step.name != s.name and _covers(s, step.name)
    ]
    if FAILED in step.accepts or not handlers:
        return False
    if call.event.recoveries >= min(h.max_recoveries for h in handlers):
        return False
    work.state.last_event += 1
    record = _record(work, call, error)
    names = [handler.name for handler in handlers]
    body = {"event_type": FAILED, "steps": names}
    work.publish("event_routed", body=body, step=call.step)
    for handler in handlers:
        work.call(handler, record)
    return True


def _covers(handler: StepDefinition, name: str) -> bool:
    return handler.for_steps is None or name in handler.for_steps


def _record(work: Reduction, call: Call, error: dict[str, Any]) -> EventRecord:
    event = call.event
    elapsed = error.get("elapsed_seconds", error.get("duration_ms", 0.0) / 1000)
    record = make_record(
        FAILED,
        {
            "step_name": call.step,
            "input_event": {"event_type": event.type, **_fields(event.body)},
            "error_type": error.get("error_type", error["type"]),
            "message": error["message"],
            "attempts": call.failures + 1,
            "elapsed_seconds": elapsed,
        },
    )
    return replace(
        record,
        seq=work.state.last_event,
        source=call.step,
        at=work.at,
        members=event.members,
        recoveries=event.recoveries + 1,
    )


def _fields(body: str) -> dict[str, Any]:
    fields = load(body)
    return fields if isinstance(fields, dict) else {}
