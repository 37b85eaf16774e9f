"""After every tick: what does the run do now? Nothing at all is a failure (R9)."""

import json

from workflows_app.engine.commands import Publish, SaveSnapshot, TellParent
from workflows_app.engine.ticks import ChildTold

from . import early_answers, fanin
from .admission import admit
from .reduction import Reduction

TOLD = frozenset(
    {
        "input_requested",
        "input_decided",
        "input_undone",
        "input_received",
        "input_rejected",
        "input_expired",
    }
)
"""Lines of a child's log that its parent shows too."""


def settle(work: Reduction) -> None:
    """Join what has ended, start what there is room for, and say how the run stands."""
    state = work.state
    if state.is_finished or not state.started_at:
        return
    early_answers.consume(work)
    fanin.join(work)
    if not state.is_finished:
        admit(work)
        if state.calls or state.requests:
            _set_status(work)
        else:
            _stall(work)
    _tell_parent(work)


def _set_status(work: Reduction) -> None:
    state = work.state
    work.stop_clock()
    if any(call.is_working for call in state.calls.values()):
        state.active_since = work.at
    is_busy = any(not call.is_waiting for call in state.calls.values())
    state.status = "running" if is_busy else "waiting"
    if state.status == "waiting" and work.before.status != "waiting":
        waits = [call.waiting for call in state.calls.values() if call.waiting]
        body = {"requests": list(state.requests), "reasons": waits}
        work.publish("run_waiting", body=body)
        work.commands.append(SaveSnapshot("waiting"))
    elif state.paused and state.is_quiet and not _was_quiet(work):
        work.commands.append(SaveSnapshot("paused"))


def _was_quiet(work: Reduction) -> bool:
    return work.before.paused and work.before.is_quiet


def _stall(work: Reduction) -> None:
    last = work.state.last_step
    work.fail(
        {
            "type": "StalledError",
            "step_name": last,
            "message": f"After step {last!r} nothing was left to do, "
            "and no StopEvent came.",
        }
    )


def _tell_parent(work: Reduction) -> None:
    """What people see of a child, and whether it waits for them, its parent knows too."""
    state = work.state
    if state.place is None:
        return
    lines = [c for c in work.commands if isinstance(c, Publish) and c.kind in TOLD]
    for line in lines:
        text = line.text or json.dumps(line.body)
        told = ChildTold(state.place, state.status, line.kind, text)
        work.commands.append(TellParent(told))
    if not lines and not state.is_finished and state.status != work.before.status:
        work.commands.append(TellParent(ChildTold(state.place, state.status)))
