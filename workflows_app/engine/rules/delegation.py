"""Handing a request to another person."""

from dataclasses import replace

from workflows_app.engine.commands import Actor, MoveRequest, Refuse
from workflows_app.engine.errors import (
    EngineError,
    NotAllowedError,
    UnknownRequestError,
)
from workflows_app.engine.policy import REVIEWERS
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
        objection = answers.objection_to(work, request, tick.responder)
        if objection is None and request.policy.get("delegate", True):
            _hand_over(work, request, tick)
            return
        error = NotAllowedError(objection or "This request cannot be handed on.")
    work.commands.append(Refuse(error))


def _hand_over(work: Reduction, request: Request, tick: Delegated) -> None:
    policy = dict(request.policy)
    others = [name for name in policy["assignees"] if name != tick.responder.name]
    if not policy["assignees"] and not policy["groups"]:
        policy["groups"] = sorted(REVIEWERS)
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
