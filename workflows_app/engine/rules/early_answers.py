"""Answers that come before their question: kept for it, and never delivered alone."""

from dataclasses import replace

from workflows_app.engine import values
from workflows_app.engine.commands import Actor, Refuse
from workflows_app.engine.errors import SerializationError
from workflows_app.engine.policy import Responder
from workflows_app.engine.state import HeldAnswer, Vote
from workflows_app.engine.ticks import VoteCast

from . import answers
from .reduction import Reduction


def is_early(work: Reduction, tick: VoteCast) -> bool:
    """Whether the answer shall be kept for a question that nobody has asked yet."""
    is_asked = tick.request_id in work.state.requests
    return tick.hold_for is not None and not (is_asked or work.state.is_finished)


def hold(work: Reduction, tick: VoteCast) -> None:
    """Keep an answer for a question that this run has not asked yet (R14)."""
    try:
        answer = values.dump(tick.answer)
    except SerializationError as error:
        work.commands.append(Refuse(error))
        return
    vote = answers.make_vote(work, tick, tick.outcome or "", answer)
    known = work.state.held_answers.get(tick.request_id)
    if known is not None and known.until >= work.at:
        if not _is_same(known.vote, vote):
            work.commands.append(Refuse(answers.already(known.vote)))
        return
    until = work.at + (tick.hold_for or 0.0)
    groups = tuple(sorted(tick.responder.groups))
    work.state.held_answers[tick.request_id] = HeldAnswer(vote, groups, until)
    work.publish(
        "input_held",
        body={"request_id": tick.request_id, "hold_seconds": tick.hold_for},
        actor=Actor(vote.kind, vote.name),
        door=vote.door,
    )


def _is_same(known: Vote, vote: Vote) -> bool:
    """Whether somebody only says again what is kept already."""
    if vote.key and vote.key == known.key:
        return True
    return vote == replace(known, key=vote.key, at=vote.at, door=vote.door)


def consume(work: Reduction) -> None:
    """Give the answers that were kept to the questions that are open now."""
    for request_id, held in list(work.state.held_answers.items()):
        request = work.state.requests.get(request_id)
        if held.until < work.at or request is not None:
            del work.state.held_answers[request_id]
        if held.until >= work.at and request is not None:
            answers.try_vote(work, request, _as_tick(request_id, held))


def _as_tick(request_id: str, held: HeldAnswer) -> VoteCast:
    vote = held.vote
    who = Responder(vote.kind, vote.name, frozenset(held.groups))  # type: ignore[arg-type]
    return VoteCast(
        request_id,
        values.load(vote.answer),
        outcome=vote.outcome or None,
        reason=vote.reason,
        responder=who,
        door=vote.door,
        idempotency_key=vote.key or None,
        undo=0.0,
    )
