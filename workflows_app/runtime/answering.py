"""Answers to input requests: from every door the same, counted once (R14)."""

from dataclasses import dataclass, replace
from typing import Any, TypedDict
from uuid import UUID

from django.contrib.auth.models import User

from workflows_app import access
from workflows_app.engine import values
from workflows_app.engine.commands import RecordVote
from workflows_app.engine.emission import check_name
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    RequestExpiredError,
    RunFinishedError,
    UnknownRequestError,
)
from workflows_app.engine.policy import PROGRAM, Responder
from workflows_app.engine.seconds import check_seconds
from workflows_app.engine.ticks import VoteCast, VoteWithdrawn
from workflows_app.models import AnswerLink, InputRequest, InputResponse

from . import answer_links, claims, transition
from .request_ends import find_end, find_request, get_request
from .transition import Applied, Beside, apply

REFUSALS = (UnknownRequestError, RunFinishedError, AlreadyAnsweredError)
"""What a run says to an answer that it does not take; the rows know the reason."""


@dataclass(frozen=True, slots=True)
class InputReceipt:
    """The answer is recorded; `duplicate` when it had been before."""

    request_id: str
    outcome: str
    responder: str
    at: float
    accepted: bool = True
    duplicate: bool = False


class AnswerOptions(TypedDict, total=False):
    """What a program may say beside its answer; each is told at `Answer`."""

    outcome: str | None
    reason: str
    responder: str | None
    idempotency_key: str | None
    hold_for: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody answers, and how: the same from every door.

    `responder` is the name of a program; a person is a `user`, or whoever has a `link`.
    `hold_for` keeps the
    answer so many seconds for a request that this run, not one that works for it, has
    not asked yet; `undo` is for how long the person wants to be able to take it back.
    """

    value: Any = None
    outcome: str | None = None
    reason: str = ""
    user: User | None = None
    link: AnswerLink | None = None
    responder: str | None = None
    door: str = "python"
    digest: str | None = None
    idempotency_key: str | None = None
    hold_for: float | None = None
    undo: float | None = None

    @property
    def who(self) -> Responder:
        if self.user is not None:
            return access.responder(self.user)
        if self.link is not None:
            return Responder("link", self.link.person)
        return (
            PROGRAM if self.responder is None else Responder("program", self.responder)
        )


def respond(run_id: UUID, request_id: str, answer: Answer) -> InputReceipt:
    """Answer a request of a run's tree: checked once, recorded once.

    Raises UnknownRequestError, AlreadyAnsweredError, RequestExpiredError,
    RequestChangedError, RunFinishedError, NotAllowedError, ClaimedError, LinkOverError,
    SerializationError or InvalidResponseError; then nothing has changed.
    """
    if answer.link is not None:
        answer_links.check(answer.link, answer.outcome, answer.digest)
    tick = _vote(request_id, answer)
    target = run_id
    if tick.hold_for is not None:
        asked = find_request(run_id, request_id)
        if asked is not None:  # there is nothing to wait for
            target, tick = asked.run_id, replace(tick, hold_for=None)
    beside = _beside(answer)
    try:
        return _receipt_of(apply(target, tick, beside=beside), tick)
    except REFUSALS as refusal:
        asked = find_request(run_id, request_id)
        if asked is None:
            raise
        if asked.run_id == target:
            return _explain(asked, tick, refusal)
    return _respond_there(asked, tick, beside)


def rehearse(asked: InputRequest, answer: Answer) -> EngineError | None:
    """Why this answer would not be taken just now; None if it would. Nothing is done."""
    return transition.rehearse(asked.run_id, _vote(asked.request_id, answer))


def _beside(answer: Answer) -> Beside | None:
    """What an answer uses up: a person's claim, or a link. Programs know of neither."""
    user, link = answer.user, answer.link
    if user is not None:
        return lambda applied: _use_up_claims(applied, user)
    if link is not None:
        return lambda applied: answer_links.use_up(link)
    return None


def _use_up_claims(applied: Applied, user: User) -> None:
    for command in applied.commands:
        if isinstance(command, RecordVote):  # no vote is recorded for a held answer
            claims.use_up(user, applied.run_id, command.request_id)


def _respond_there(
    asked: InputRequest, tick: VoteCast, beside: Beside | None
) -> InputReceipt:
    """Answer what another run of the tree asks."""
    try:
        return _receipt_of(apply(asked.run_id, tick, beside=beside), tick)
    except REFUSALS as refusal:
        asked.refresh_from_db()
        return _explain(asked, tick, refusal)


def withdraw_vote(run_id: UUID, request_id: str, user: User) -> Applied:
    """Take one's own vote, or the decision that it made, back while there is time.

    Raises UnknownRequestError when there is nothing to take back, and what an answer
    raises when it is too late.
    """
    asked = get_request(run_id, request_id)
    try:
        return apply(asked.run_id, VoteWithdrawn(request_id, access.responder(user)))
    except UnknownRequestError as refusal:
        asked.refresh_from_db()
        raise find_end(asked) or refusal from refusal


def _vote(request_id: str, answer: Answer) -> VoteCast:
    if not request_id.isprintable():
        raise UnknownRequestError
    for text, what in (
        (answer.idempotency_key, "idempotency key"),
        (answer.responder, "responder"),
    ):
        if text:
            check_name(text, what)
    if answer.hold_for is not None:
        check_seconds(answer.hold_for, "hold_for")
    return VoteCast(
        request_id,
        answer.value,
        outcome=answer.outcome,
        reason=answer.reason,
        responder=answer.who,
        door=answer.door,
        digest=answer.digest,
        idempotency_key=answer.idempotency_key,
        hold_for=answer.hold_for,
        undo=answer.undo,
    )


def _receipt_of(applied: Applied, tick: VoteCast) -> InputReceipt:
    """Told from what was written, without reading it back; a held answer has no row."""
    votes = [c.vote for c in applied.commands if isinstance(c, RecordVote)]
    return InputReceipt(
        request_id=tick.request_id,
        outcome=votes[0].outcome if votes else tick.outcome or "",
        responder=tick.responder.name,
        at=applied.at,
    )


def _explain(asked: InputRequest, tick: VoteCast, refusal: EngineError) -> InputReceipt:
    """The original receipt for whoever sends the same again; a refusal for others."""
    over = find_end(asked)
    if isinstance(over, RequestExpiredError | RunFinishedError):
        raise over from refusal
    for vote in asked.standing_votes:
        if _is_same(vote, tick):
            return _duplicate_of(asked, vote)
    raise over or refusal from refusal


def _is_same(vote: InputResponse, tick: VoteCast) -> bool:
    if tick.idempotency_key and vote.idempotency_key == tick.idempotency_key:
        return True
    who = tick.responder
    if (vote.responder_kind, vote.responder) != (who.kind, who.name):
        return False
    if tick.reason not in ("", vote.reason):
        return False  # what somebody wrote is not dropped in silence
    says_outcome_only = tick.answer is None and tick.outcome is not None
    return vote.outcome == (tick.outcome or vote.outcome) and (
        says_outcome_only or vote.answer == values.dump(tick.answer)
    )


def _duplicate_of(asked: InputRequest, vote: InputResponse) -> InputReceipt:
    return InputReceipt(
        request_id=asked.request_id,
        outcome=vote.outcome,
        responder=vote.responder,
        at=vote.at.timestamp(),
        duplicate=True,
    )
