"""What has happened around a request, and who is there: plain facts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Json


@dataclass(frozen=True, slots=True)
class ClaimFact:
    """Somebody holds the request, or has held it."""

    owner: str
    name: str
    claimed_at: datetime
    lease_until: datetime
    is_live: bool
    ended_at: datetime | None
    taken_over_by: str | None
    taker: str | None
    reason: str

    @property
    def over_at(self) -> datetime:
        return self.ended_at or self.lease_until


@dataclass(frozen=True, slots=True)
class VoteFact:
    """Somebody has answered; he may have taken it back."""

    kind: str
    responder: str
    name: str
    door: str
    outcome: str
    reason: str
    at: datetime
    decides: bool
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class CommentFact:
    """Somebody has said something."""

    id: int
    author: str | None
    name: str | None
    at: datetime
    text: str
    mentions: list[str]


@dataclass(frozen=True, slots=True)
class LinkFact:
    """Somebody made a link for a guest."""

    id: int
    person: str
    name: str | None
    issued_at: datetime
    expires_at: datetime
    needs_sign_in: bool
    is_usable: bool
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class PresenceFact:
    """Somebody else has the request before him."""

    user: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class LineFact:
    """A line of the run's log about this request."""

    kind: str
    at: datetime
    actor: str
    content: Json[dict[str, Any]]

    @property
    def request_id(self) -> Any:
        return self.content.get("request_id")


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to whom the request could be handed."""

    username: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it, oldest first; `people` are colleagues to hand the request to."""

    claims: list[ClaimFact]
    votes: list[VoteFact]
    comments: list[CommentFact]
    links: list[LinkFact]
    presences: list[PresenceFact]
    lines: list[LineFact]
    people: list[Colleague]
