"""Runs that do the work of a step: what they tell, and what follows from it (R55)."""

from dataclasses import replace
from typing import Any

from workflows_app.engine import values
from workflows_app.engine.definition import SubWorkflow
from workflows_app.engine.state import Call, Child, EventRecord, Place, Stop
from workflows_app.engine.ticks import Aborted, ChildFinished, ChildTold, Emitted

from . import attempts, failures, limits
from .reduction import Reduction, quoted

RETURNED = "StopEvent"


def hear(work: Reduction, tick: ChildTold) -> None:
    """A child asked or heard something: the parent's readers see it too."""
    call = _find(work, tick.place)
    if call is None:
        return
    working = tick.is_working
    _put(work, call, tick.place, status=tick.status, is_working=working)
    if tick.kind:
        work.publish(
            tick.kind,
            text=tick.text,
            step=call.step,
            call=call.number,
            attempt=call.attempt,
        )


def finish(work: Reduction, tick: ChildFinished) -> None:
    """A child is over: the step may be, too."""
    call = _find(work, tick.place)
    if call is None:
        return
    call = _put(
        work,
        call,
        tick.place,
        status=tick.status,
        result=tick.result,
        error=tick.error,
        is_working=False,
    )
    step = work.definition.step(call.step)
    assert step.subworkflow is not None
    if step.subworkflow.merge == "first_completes":
        _take_first(work, call, step.subworkflow)
    else:
        _take_all(work, call, step.subworkflow)


def _find(work: Reduction, place: Place) -> Call | None:
    call = work.state.calls.get(place.call)
    if call is None or call.phase != "away" or call.attempt != place.attempt:
        return None
    return call


def _put(work: Reduction, call: Call, place: Place, **fields: Any) -> Call:
    children = list(call.children)
    children[place.branch] = replace(children[place.branch], **fields)
    return work.change(call, children=tuple(children))


def _take_all(work: Reduction, call: Call, sub: SubWorkflow) -> None:
    """Go on when all have completed; the first failure ends the others."""
    failed = [c for c in call.children if c.is_finished and c.status != "completed"]
    if failed:
        _fail(work, call, failed[0])
    elif all(child.is_finished for child in call.children):
        results = [child.result or "null" for child in call.children]
        text = f"[{','.join(results)}]" if sub.parallel else results[0]
        _complete(work, call, sub, text)


def _take_first(work: Reduction, call: Call, sub: SubWorkflow) -> None:
    """Go on when one has completed, and end the others; fail when all have failed."""
    for number, child in enumerate(call.children):
        if child.status == "completed":
            _complete(
                work, call, sub, child.result or "null", sub.branches[number].name
            )
            return
    if all(child.is_finished for child in call.children):
        _fail(work, call, call.children[-1])


def _complete(
    work: Reduction, call: Call, sub: SubWorkflow, result: str, branch: str = ""
) -> None:
    work.tell_children(call, Aborted("parent", "Another branch was first."))
    body = {"branch": branch} if branch else {}
    attempts.end(work, call, (_output(sub, result, branch),), body)


def _output(sub: SubWorkflow, result: str, branch: str) -> Emitted:
    """The event that the results become."""
    if sub.emits == RETURNED or RETURNED in sub.emits_bases:
        return Stop(result)
    if branch:
        body = f'{{"result":{result},"branch":{quoted(branch)}}}'
    elif sub.parallel:
        body = f'{{"results":{result}}}'
    else:
        fields = _unwrapped(result) if sub.unwraps else None
        body = fields or f'{{"result":{result}}}'
    return EventRecord(sub.emits, sub.emits_bases, body)


def _unwrapped(result: str) -> str | None:
    """The fields of a result that is a dict, as the text of an event's."""
    value = values.load(result)
    return result if isinstance(value, dict) and '"$type"' not in result else None


def _fail(work: Reduction, call: Call, child: Child) -> None:
    """The step failed with the child's error; its siblings are ended."""
    if _used_up(work, call, child):
        limits.run_out(work)
        return
    work.tell_children(call, Aborted("parent", "Another branch failed."))
    cause = dict(child.error or {"type": "RunAbortedError", "message": "aborted"})
    kind = str(cause.get("error_type") or cause.get("type"))
    error = failures.make_error(call, kind, str(cause.get("message", "")))
    error["cause"] = cause
    work.publish_call("step_failed", call, error)
    failures.settle(work, call, error, retryable=True)


def _used_up(work: Reduction, call: Call, child: Child) -> bool:
    """Whether the child ended because it had used up what was left of our own time."""
    error, own = child.error or {}, work.definition.step(call.step).timeout
    if not error.get("is_budget"):
        return False
    return own is None or error["limit_seconds"] < own
