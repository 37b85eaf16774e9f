"""What a message tells of a request, read from its rows as they are now."""

from workflows_app.models import InputRequest, InputResponse
from workflows_app.runtime.addresses import page_of_request

from .card import Facts, Vote


def read_facts(asked: InputRequest) -> Facts:
    votes = list(asked.standing_votes)
    decision = next((vote for vote in votes if vote.decides), None)
    return Facts(
        request=asked.pk,
        content=asked.content,
        policy=asked.policy_rules,
        digest=asked.digest,
        status=asked.status,
        workflow=asked.workflow,
        opened_at=asked.opened_at,
        expires_at=asked.expires_at,
        closed_at=asked.closed_at,
        votes=tuple(map(_vote, votes)),
        decision=_vote(decision) if decision else None,
        address=page_of_request(asked.pk),
    )


def _vote(vote: InputResponse) -> Vote:
    return Vote(vote.responder_kind, vote.responder, vote.outcome, vote.at, vote.reason)
