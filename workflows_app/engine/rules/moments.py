"""What happens to a request when a moment has come: effect, escalation, end."""

from dataclasses import replace
from typing import Any

from workflows_app.engine import values
from workflows_app.engine.commands import Actor, MoveRequest, RecordVote
from workflows_app.engine.policy import DEADLINE, groups_asked
from workflows_app.engine.state import EventRecord, Request, Vote
from workflows_app.engine.ticks import RequestDue

from . import answers
from .reduction import Reduction

BY_DEADLINE = Actor("deadline", "deadline")


def come_due(work: Reduction, tick: RequestDue) -> None:
    """Do all that is due. Time does not run out while an operator holds the run."""
    while not work.state.paused:
        request = work.state.requests.get(tick.request_id)
        if request is None or request.due_at is None or request.due_at > work.at:
            return
        if request.decision is not None:
            answers.answer(work, request, request.decision.vote)
        elif request.expires_at is not None and request.expires_at <= work.at:
            _expire(work, request)
        else:
            _escalate(work, request)


def _escalate(work: Reduction, request: Request) -> None:
    """Nobody has decided: more people may."""
    rung = request.policy["escalate"][request.escalated]
    policy = dict(request.policy)
    policy["groups"] = list(dict.fromkeys([*groups_asked(policy), *rung["groups"]]))
    moved = replace(request, policy=policy, escalated=request.escalated + 1)
    work.state.requests[request.request_id] = moved
    work.commands.append(MoveRequest(moved))
    work.publish(
        "input_escalated",
        body={"request_id": request.request_id, "groups": rung["groups"]},
        step=request.step,
        actor=BY_DEADLINE,
    )


def _expire(work: Reduction, request: Request) -> None:
    """The time is over: the policy's outcome, its event, or the run fails."""
    if request.policy.get("on_due") is not None:
        _decide(work, request)
        return
    work.close(request, "expired")
    work.publish(
        "input_expired",
        body={"request_id": request.request_id},
        step=request.step,
        actor=BY_DEADLINE,
    )
    if request.on_expire is not None:
        _go_on_without(work, request, request.on_expire)
    else:
        work.fail(_timeout(request))


def _go_on_without(work: Reduction, request: Request, event: EventRecord) -> None:
    """The event comes in place of the answer, or of the parked call that wanted it."""
    parked = work.state.calls.get(request.call)
    if parked is not None:
        work.end(parked)
    event = replace(event, members=request.members, recoveries=request.recoveries)
    work.deliver(event, source=request.step)


def _decide(work: Reduction, request: Request) -> None:
    """The deadline decides. It is never shown as a person's decision."""
    content = request.content
    outcome, given = answers.complete(
        content, request.policy["on_due"], content.get("proposed")
    )
    vote = Vote(
        kind=DEADLINE.kind,
        name=DEADLINE.name,
        door="deadline",
        outcome=outcome,
        answer=values.dump(given),
        at=work.at,
    )
    request = replace(request, votes=(*request.votes, vote))
    work.commands.append(RecordVote(request.request_id, vote, decides=True))
    answers.answer(work, request, vote)


def _timeout(request: Request) -> dict[str, Any]:
    return {
        "type": "TimeoutError",
        "scope": "request",
        "request_id": request.request_id,
        "step_name": request.step,
        "limit_seconds": request.expires_in,
        "message": f"Nobody answered {request.request_id!r} "
        f"within {request.expires_in:g} s.",
    }
