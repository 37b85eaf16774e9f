"""What becomes of a call whose worker is gone (R42)."""

import hashlib

from workflows_app.engine import values
from workflows_app.engine.definition import INPUT_HANDLER
from workflows_app.engine.policy import Outcome, ReviewPolicy
from workflows_app.engine.state import Call, Request
from workflows_app.engine.ticks import CallLost

from .reduction import Reduction

MOST_LOSSES = 5
"""How often a call's worker may be lost before the run fails (engine.md, R42)."""

OPERATORS = "operators"
"""The group that is asked what to do about a step that may have run."""

RERUN = Outcome(
    "rerun",
    "Run it again",
    effect="The step runs once more, from its top. What it did may be done twice.",
)
SKIP = Outcome(
    "skip",
    "Skip it: it has done its work",
    "danger",
    effect="The step counts as done. Nothing follows from it by itself.",
)


def lose(work: Reduction, tick: CallLost) -> None:
    """Run a call again whose worker is gone, unless its step must not run twice (R42)."""
    call = work.find_running(tick.call, tick.attempt)
    if call is None:
        return
    losses = call.losses + tick.counts
    call = work.change(call, losses=losses, waiting=None)
    work.publish_call("step_lost", call, {"losses": losses})
    step = work.definition.step(call.step)
    if step.on_loss == "ask":
        _ask_operators(work, call)
    elif step.on_loss == "fail":
        _fail_lost(work, call, "and the step must not run twice")
    elif losses >= MOST_LOSSES:
        _fail_lost(work, call, f"{MOST_LOSSES} times")
    else:
        work.change(call, phase="held")


def _fail_lost(work: Reduction, call: Call, what: str) -> None:
    work.end(call)
    if call.step == INPUT_HANDLER:
        return  # the question stays, for people
    message = f"The worker of step {call.step!r} was lost, {what}."
    work.fail({"type": "StepLostError", "step_name": call.step, "message": message})


def _ask_operators(work: Reduction, call: Call) -> None:
    """The step may have run, or not: a person looks, and says which."""
    work.change(call, phase="parked")
    outcomes = [RERUN.dump(), SKIP.dump()]
    shown = values.dump(
        {
            "subject": f"Step {call.step} may have run: run it again?",
            "prompt": f"The worker of step **{call.step}** was lost in attempt "
            f"{call.attempt}. Look whether its effect is there before you decide.",
            "metadata": {"step": call.step, "attempt": call.attempt},
            "display": [],
            "schema": None,
            "proposed": None,
            "outcomes": outcomes,
        }
    )
    request = Request(
        request_id=_name(work, call),
        shown=shown,
        digest=hashlib.sha256(shown.encode()).hexdigest(),
        policy=ReviewPolicy(groups=(OPERATORS,), delegate=False).dump(),
        purpose="loss",
        call=call.number,
    )
    work.open(request, call)


def _name(work: Reduction, call: Call) -> str:
    """Another one for each run of a tree, in which every name is given once (R16)."""
    name = f"lost:{call.number}:{call.attempt}"
    place = work.state.place
    if place is None:
        return name
    branch = f"{place.call}:{place.attempt}:{place.branch}"
    return f"{name}@{branch}@{work.state.started_at:.6f}"
