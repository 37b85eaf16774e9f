"""Taking an answer back, as long as it has had no effect."""

from dataclasses import replace

from workflows_app.engine.commands import Actor, DropVote, MoveRequest, Refuse
from workflows_app.engine.errors import UnknownRequestError
from workflows_app.engine.ticks import VoteWithdrawn

from . import answers
from .reduction import Reduction


def withdraw(work: Reduction, tick: VoteWithdrawn) -> None:
    """Take one's own vote back; a decision that needs it falls with it."""
    request = work.state.requests.get(tick.request_id)
    vote = answers.find_vote(request, tick.responder) if request is not None else None
    if request is None or vote is None:
        what = f"Nothing of yours can be taken back from {tick.request_id!r}."
        work.commands.append(Refuse(UnknownRequestError(what)))
        return
    votes = tuple(v for v in request.votes if v != vote)
    left = replace(request, votes=votes)
    if not answers.is_decided(left):
        left = replace(left, decision=None)
    work.state.requests[request.request_id] = left
    work.commands.append(DropVote(request.request_id, vote.kind, vote.name))
    work.commands.append(MoveRequest(left))
    kind = "vote_withdrawn" if request.decision == left.decision else "input_undone"
    work.publish(
        kind,
        body={"request_id": request.request_id, "outcome": vote.outcome},
        step=request.step,
        actor=Actor(vote.kind, vote.name),
        door=tick.door,
    )
