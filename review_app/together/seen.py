"""What several reviewers do with one request, as one of them sees it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from workflows_app import access
from workflows_app.engine.policy import ReviewPolicy, needed
from workflows_app.models import InputRequest
from workflows_app.runtime.answer_links import find_objection_to_issue
from workflows_app.runtime.claims import is_claimable
from workflows_app.runtime.comments import MENTION

from .facts import (
    ClaimFact,
    CommentFact,
    LinkFact,
    PresenceFact,
    VoteFact,
)
from .history import Moment, history_of
from .policy_words import Outcomes, PolicyWords, policy_words
from .reading import read_facts


@dataclass(frozen=True, slots=True)
class Tally:
    """How many agree on an outcome that several must choose."""

    label: str
    needed: int
    votes: list[VoteFact]

    @property
    def missing(self) -> int:
        return max(0, self.needed - len(self.votes))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a comment: plain text, or the name of somebody who is addressed."""

    text: str
    mentions: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment with the names in it found."""

    fact: CommentFact
    parts: list[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Who holds it, who is there, what was said and done, and what the reader may do.

    `lost` is the claim that somebody has taken from the reader and holds now. `votes` are
    those that stand, and `people` names to hand it to.
    """

    may_answer: bool
    offers_claims: bool
    may_claim: bool
    claim: ClaimFact | None
    is_mine: bool
    lost: ClaimFact | None
    presences: list[PresenceFact]
    votes: list[VoteFact]
    tallies: list[Tally]
    my_vote: VoteFact | None
    comments: list[Said]
    history: list[Moment]
    policy: PolicyWords
    may_delegate: bool
    people: list[str]
    may_link: bool
    links: list[LinkFact]


def together(user: User, asked: InputRequest) -> Together:
    """What all `_together_*` templates show, read with one query."""
    facts = read_facts(asked, user)
    outcomes: Outcomes = asked.content["outcomes"]
    policy = ReviewPolicy.load(asked.policy_rules)
    name = user.get_username()
    claim = next((each for each in facts.claims if each.is_live), None)
    votes = [vote for vote in facts.votes if vote.withdrawn_at is None]
    my_vote = next(
        (v for v in votes if (v.kind, v.responder) == ("person", name)), None
    )
    may_answer = asked.is_open and access.may_answer(user, asked)
    return Together(
        may_answer=may_answer,
        offers_claims=asked.is_open and is_claimable(asked),
        may_claim=may_answer and is_claimable(asked) and my_vote is None,
        claim=claim,
        is_mine=claim is not None and claim.owner == name,
        lost=_find_lost(facts.claims, claim, name),
        presences=_without_voters(facts.presences, votes),
        votes=votes,
        tallies=_tallies(policy, outcomes, votes) if asked.is_open else [],
        my_vote=my_vote,
        comments=[Said(each, list(_parts(each))) for each in facts.comments],
        history=history_of(asked, _labels(outcomes), facts),
        policy=policy_words(asked, policy, outcomes, user),
        may_delegate=may_answer and policy.delegate and my_vote is None,
        people=[each.username for each in facts.people],
        may_link=asked.is_open and find_objection_to_issue(user, asked) is None,
        links=facts.links,
    )


def _find_lost(
    claims: Sequence[ClaimFact], live: ClaimFact | None, name: str
) -> ClaimFact | None:
    """The reader's own claim, when whoever took it over still holds it."""
    mine = [each for each in claims if each.owner == name]
    if not mine or live is None or mine[-1].taken_over_by != live.owner:
        return None
    return mine[-1]


def _without_voters(
    presences: Sequence[PresenceFact], votes: Sequence[VoteFact]
) -> list[PresenceFact]:
    """Whose vote counts has no unsaved text any more, whatever his page said last."""
    voters = {vote.responder for vote in votes}
    return [p for p in presences if p.state != "typing" or p.user not in voters]


def _tallies(
    policy: ReviewPolicy, outcomes: Outcomes, votes: Sequence[VoteFact]
) -> list[Tally]:
    """The outcomes that several must choose."""
    counted = [(each, needed(policy, outcomes, each["key"])) for each in outcomes]
    return [
        Tally(each["label"], count, [v for v in votes if v.outcome == each["key"]])
        for each, count in counted
        if count > 1
    ]


def _labels(outcomes: Outcomes) -> dict[str, str]:
    return {str(each["key"]): str(each["label"]) for each in outcomes}


def _parts(said: CommentFact) -> Iterator[Part]:
    """The text, cut where somebody is addressed who can see it."""
    end = 0
    for found in MENTION.finditer(said.text):
        if found[1] in said.mentions:
            yield Part(said.text[end : found.start()])
            yield Part(found[0], mentions=found[1])
            end = found.end()
    yield Part(said.text[end:])
