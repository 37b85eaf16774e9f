"""After every tick: what does the run do now? Nothing at all is a failure (R9).

A run whose workflow takes events from outside has always something left: to wait for one.
"""

import json

from workflows_app.engine.commands import Finish, Publish, SaveSnapshot, TellParent
from workflows_app.engine.state import State
from workflows_app.engine.ticks import ChildFinished, ChildTold, News

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
    if work.state.started_at and not work.state.is_finished:
        _go_on(work)
    _tell_parent(work)


def _go_on(work: Reduction) -> None:
    state = work.state
    early_answers.consume(work)
    fanin.join(work)
    if not state.is_finished:
        admit(work)
        if state.calls or state.requests or work.definition.external_events:
            _set_status(work)
        else:
            _stall(work)


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
        if not state.calls and not state.requests:
            body["events"] = [e.type for e in work.definition.external_events]
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
    """What people see of a child, whether it waits for them, and at last how it ended."""
    state, before = work.state, work.before
    if state.place is None:
        return
    lines = [c for c in work.commands if isinstance(c, Publish) and c.kind in TOLD]
    ends = [c for c in work.commands if isinstance(c, Finish)]
    status = before.status if ends else state.status
    works = _counts(state)
    news: list[News] = [
        ChildTold(
            state.place, status, line.kind, line.text or json.dumps(line.body), works
        )
        for line in lines
    ]
    if not (lines or ends) and (status, works) != (before.status, _counts(before)):
        news.append(ChildTold(state.place, status, is_working=works))
    news += [ChildFinished(state.place, e.status, e.result, e.error) for e in ends]
    work.commands += map(TellParent, news)


def _counts(state: State) -> bool:
    """Whether the clock of the parent runs for this run, if it has one."""
    return state.budget is not None and state.active_since is not None
