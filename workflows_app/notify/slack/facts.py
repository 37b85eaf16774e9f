"""What a message tells of a request, read from its rows as they are now."""

from django.conf import settings

from workflows_app.models import InputRequest, InputResponse

from .card import Facts, Vote


def read_facts(asked: InputRequest) -> Facts:
    votes = list(asked.responses.filter(withdrawn_at=None).order_by("at", "id"))
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
        address=address_of(asked),
    )


def address_of(asked: InputRequest) -> str:
    """The page of a request; empty when nobody has said where people reach us."""
    base = settings.PUBLIC_URL
    return f"{base}/requests/{asked.pk}/" if base else ""


def _vote(vote: InputResponse) -> Vote:
    return Vote(vote.responder_kind, vote.responder, vote.outcome, vote.at, vote.reason)
