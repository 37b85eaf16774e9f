"""Handing a request to another person."""

from dataclasses import replace

from workflows_app.engine.commands import Actor, MoveRequest, Refuse
from workflows_app.engine.errors import (
    EngineError,
    NotAllowedError,
    UnknownRequestError,
)
from workflows_app.engine.policy import groups_asked
from workflows_app.engine.state import Request
from workflows_app.engine.ticks import Delegated

from . import answers
from .reduction import Reduction


def delegate(work: Reduction, tick: Delegated) -> None:
    """Let another person answer in one's place."""
    request = work.state.requests.get(tick.request_id)
    if request is None or request.decision is not None:
        error: EngineError = UnknownRequestError(
            f"{tick.request_id!r} is not open any more."
        )
    else:
        objection = _find_objection(work, request, tick)
        if objection is None:
            _hand_over(work, request, tick)
            return
        error = NotAllowedError(objection)
    work.commands.append(Refuse(error))


def _find_objection(work: Reduction, request: Request, tick: Delegated) -> str | None:
    """Why it cannot be handed on so; handing it to who may not decide helps nobody."""
    if not request.policy.get("delegate", True):
        return "This request cannot be handed on."
    is_starter = tick.to == work.state.started_by
    if is_starter and not request.policy.get("starter_may_decide", True):
        return f"{tick.to} started this run and may not decide."
    return answers.objection_to(work, request, tick.responder)


def _hand_over(work: Reduction, request: Request, tick: Delegated) -> None:
    policy = dict(request.policy)
    others = [name for name in policy["assignees"] if name != tick.responder.name]
    policy["groups"] = groups_asked(policy)
    policy["assignees"] = list(dict.fromkeys([*others, tick.to]))
    moved = replace(request, policy=policy)
    work.state.requests[request.request_id] = moved
    work.commands.append(MoveRequest(moved))
    work.publish(
        "input_delegated",
        body={"request_id": request.request_id, "to": tick.to, "reason": tick.reason},
        step=request.step,
        actor=Actor(tick.responder.kind, tick.responder.name),
    )
