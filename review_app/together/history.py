"""The history of a request: what people and deadlines did with it, in one order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from workflows_app.engine.policy import DEADLINE
from workflows_app.models import InputRequest

from .facts import ClaimFact, Facts, LineFact, LinkFact, VoteFact

Kind = Literal[
    "opened",
    "claimed",
    "released",
    "lapsed",
    "taken_over",
    "voted",
    "decided",
    "by_deadline",
    "vote_withdrawn",
    "undone",
    "link_made",
    "link_revoked",
    "delegated",
    "escalated",
    "expired",
    "withdrawn",
]

AT_ONCE = timedelta(seconds=2)
"""A claim that ends just after what its owner did was ended by that, not by him."""


Deed: TypeAlias = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something happened: who did what, to whom or with what words."""

    at: datetime
    kind: Kind
    who: str = ""
    what: str = ""
    whom: str = ""
    reason: str = ""
    door: str = ""


def history_of(
    asked: InputRequest, labels: Mapping[str, str], facts: Facts
) -> list[Moment]:
    """All that happened, oldest first; `labels` are those of the outcomes."""
    names = _names(facts)
    found = [Moment(asked.opened_at, "opened", what=asked.step)]
    deeds = [(vote.responder, vote.at) for vote in facts.votes]
    deeds += [(line.actor, line.at) for line in facts.lines]
    for before, claim in zip((None, *facts.claims), facts.claims, strict=False):
        found += _of_claim(claim, before, deeds)
    for vote in facts.votes:
        found += _of_vote(vote, labels.get(vote.outcome, vote.outcome))
    for link in facts.links:
        found += _of_link(link)
    found += [_of_line(line, names) for line in facts.lines]
    if asked.status == InputRequest.Status.WITHDRAWN and asked.closed_at:
        found.append(Moment(asked.closed_at, "withdrawn"))
    return sorted(found, key=lambda moment: moment.at)


def _of_claim(
    claim: ClaimFact, before: ClaimFact | None, deeds: Sequence[Deed]
) -> Iterator[Moment]:
    """How it began, but for one that was taken over, which is told already; its end."""
    if before is None or before.taken_over_by != claim.owner:
        yield Moment(claim.claimed_at, "claimed", claim.name)
    if claim.taken_over_by is not None:
        taker = claim.taker or claim.taken_over_by
        yield Moment(
            claim.over_at, "taken_over", taker, whom=claim.name, reason=claim.reason
        )
    elif not claim.is_live and not _ended_with(claim, deeds):
        kind: Kind = "lapsed" if claim.over_at >= claim.lease_until else "released"
        yield Moment(claim.over_at, kind, claim.name)


def _ended_with(claim: ClaimFact, deeds: Sequence[Deed]) -> bool:
    """Whether its owner voted, or handed the request on, and it ended with that."""
    own = (at for who, at in deeds if who == claim.owner)
    return any(at <= claim.over_at < at + AT_ONCE for at in own)


def _of_vote(vote: VoteFact, label: str) -> Iterator[Moment]:
    """A deadline is no person: its decision has nobody's name."""
    if vote.kind == DEADLINE.kind:
        yield Moment(vote.at, "by_deadline", what=label)
        return
    yield Moment(
        at=vote.at,
        kind="decided" if vote.decides else "voted",
        who=vote.name,
        what=label,
        reason=vote.reason,
        door=vote.door,
    )
    if vote.withdrawn_at is not None:
        kind: Kind = "undone" if vote.decides else "vote_withdrawn"
        yield Moment(vote.withdrawn_at, kind, vote.name, what=label)


def _of_link(link: LinkFact) -> Iterator[Moment]:
    who = link.name or ""
    yield Moment(link.issued_at, "link_made", who, whom=link.person)
    if link.revoked_at is not None:
        yield Moment(link.revoked_at, "link_revoked", whom=link.person)


def _of_line(line: LineFact, names: Mapping[str, str]) -> Moment:
    match line.kind:
        case "input_delegated":
            who, to = (str(each) for each in (line.actor, line.content["to"]))
            return Moment(
                at=line.at,
                kind="delegated",
                who=names.get(who, who),
                whom=names.get(to, to),
                reason=str(line.content.get("reason", "")),
            )
        case "input_escalated":
            groups = ", ".join(map(str, line.content["groups"]))
            return Moment(line.at, "escalated", whom=groups)
        case _:
            return Moment(line.at, "expired")


def _names(facts: Facts) -> dict[str, str]:
    """How those are called who appear in the log by their user names alone."""
    held = {claim.owner: claim.name for claim in facts.claims}
    return held | {vote.responder: vote.name for vote in facts.votes}
