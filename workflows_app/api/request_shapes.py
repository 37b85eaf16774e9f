"""Input requests, answers and decisions, as programs get them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, Field

from workflows_app import access
from workflows_app.models import (
    AnswerLink,
    Claim,
    Comment,
    InputRequest,
    InputResponse,
)
from workflows_app.runtime import claims
from workflows_app.runtime.answer_links import IssuedLink

from .json_reply import stored


class RequestSummary(BaseModel):
    """An input request in a list."""

    id: UUID
    run_id: UUID
    request_id: str = Field(description="Its author's name for it.")
    workflow: str
    step: str | None
    status: str = Field(description="open, decided, answered, expired or withdrawn")
    subject: str
    priority: int
    tags: dict[str, str]
    assignees: list[str]
    groups: list[str]
    opened_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None

    @staticmethod
    def fields_of(row: InputRequest) -> dict[str, Any]:
        names = RequestSummary.model_fields.keys() - {"step"}
        return {**{n: getattr(row, n) for n in names}, "step": row.step or None}

    @classmethod
    def of(cls, row: InputRequest) -> "RequestSummary":
        return cls(**cls.fields_of(row))


class RequestPage(BaseModel):
    """Some input requests, the newest first."""

    items: list[RequestSummary]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class VoteReply(BaseModel):
    """What somebody answered."""

    responder: str
    kind: str = Field(description="person, program, link, deadline or input_handler")
    door: str
    outcome: str
    response: Any
    reason: str
    at: datetime
    decides: bool

    @classmethod
    def of(cls, row: InputResponse) -> "VoteReply":
        return cls(
            responder=row.responder,
            kind=row.responder_kind,
            door=row.door,
            outcome=row.outcome,
            response=stored(row.answer),
            reason=row.reason,
            at=row.at,
            decides=row.decides,
        )


class ClaimReply(BaseModel):
    """Who holds it at the moment, and until when."""

    owner: str
    until: datetime

    @classmethod
    def of(cls, row: Claim) -> "ClaimReply":
        return cls(owner=row.owner.get_username(), until=row.lease_until)


class ReleasedReply(BaseModel):
    """Whether there was something to let go."""

    released: bool


class LinkReply(BaseModel):
    """A link with which somebody without an account answers once."""

    SHOWN_ONCE: ClassVar[set[str]] = {"address"}

    id: int
    person: str
    expires_at: datetime
    address: str | None = Field(
        default=None, description="Told once: whoever has it can answer."
    )

    @classmethod
    def of(cls, issued: IssuedLink) -> "LinkReply":
        link = issued.link
        return cls(
            id=link.pk,
            person=link.person,
            expires_at=link.expires_at,
            address=issued.address,
        )


class LinkSummary(BaseModel):
    """A link that was made, without its address, and what became of it."""

    id: int
    person: str
    outcomes: list[str] = Field(description="The only ones to choose; none: all.")
    needs_sign_in: bool
    issued_by: str | None
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: AnswerLink) -> "LinkSummary":
        names = cls.model_fields.keys() - {"issued_by"}
        issuer = row.issued_by.get_username() if row.issued_by else None
        return cls(**{name: getattr(row, name) for name in names}, issued_by=issuer)


class LinkPage(BaseModel):
    """Some links of a request, the newest first."""

    items: list[LinkSummary]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class RevokedReply(BaseModel):
    """Whether anybody could have answered with it still."""

    revoked: bool


class CommentReply(BaseModel):
    """What somebody said about it."""

    id: int
    author: str | None
    at: datetime
    text: str
    mentions: list[str]

    @classmethod
    def of(cls, row: Comment) -> "CommentReply":
        return cls(
            id=row.pk,
            author=row.author.get_username() if row.author else None,
            at=row.at,
            text=row.text,
            mentions=row.mentions,
        )


class RequestReply(RequestSummary):
    """An input request, as people see it, and what has become of it so far."""

    prompt: str
    metadata: dict[str, Any]
    display: list[Any]
    answer_schema: dict[str, Any] | None = Field(alias="schema")
    outcomes: list[dict[str, Any]]
    proposed: Any
    policy: dict[str, Any]
    previous: str | None
    digest: str = Field(description="SHA-256 of what people see.")
    effective_at: datetime | None = Field(description="When what was decided counts.")
    votes: list[VoteReply]
    claim: ClaimReply | None
    comments: list[CommentReply]
    may_answer: bool = Field(description="Whether this token's person may answer it.")

    @classmethod
    def seen_by(cls, user: Any, row: InputRequest) -> "RequestReply":
        shown = stored(row.shown)
        held = claims.find_live(row.pk)
        votes = row.standing_votes
        return cls(
            **RequestSummary.fields_of(row),
            schema=shown.pop("schema"),
            **{name: shown[name] for name in SHOWN},
            policy=row.policy_rules,
            previous=row.previous or None,
            digest=row.digest,
            effective_at=row.effective_at,
            votes=list(map(VoteReply.of, votes)),
            claim=ClaimReply.of(held) if held else None,
            comments=list(map(CommentReply.of, _comments(row))),
            may_answer=row.is_open and access.may_answer(user, row),
        )


SHOWN = ("prompt", "metadata", "display", "outcomes", "proposed")


class DecisionBody(BaseModel):
    """What was decided, by whom, and why."""

    outcome: str
    response: Any
    reason: str
    responder: str
    door: str
    at: datetime
    votes: list[VoteReply]


class DecisionReply(BaseModel):
    """The decision of a request. There is none while it waits, and perhaps never."""

    id: UUID
    run_id: UUID
    request_id: str
    status: str = Field(description="open, decided, answered, expired or withdrawn")
    decision: DecisionBody | None = Field(
        description="There once the status is `answered`: then it is final."
    )

    @classmethod
    def of(cls, row: InputRequest) -> "DecisionReply":
        is_final = row.status == InputRequest.Status.ANSWERED
        return cls(
            id=row.pk,
            run_id=row.run_id,
            request_id=row.request_id,
            status=row.status,
            decision=_decision(row) if is_final else None,
        )


class ReceiptReply(BaseModel):
    """An answer is recorded; `status` tells whether it decided."""

    id: UUID
    request_id: str
    outcome: str
    responder: str
    at: datetime
    duplicate: bool = Field(description="It had been recorded before.")
    status: str


def _decision(row: InputRequest) -> DecisionBody:
    votes = list(row.standing_votes)
    decisive = next(vote for vote in votes if vote.decides)
    told = VoteReply.of(decisive).model_dump(exclude={"kind", "decides"})
    return DecisionBody(**told, votes=list(map(VoteReply.of, votes)))


def _comments(row: InputRequest) -> Iterable[Comment]:
    return row.comments.select_related("author").order_by("at", "id")
