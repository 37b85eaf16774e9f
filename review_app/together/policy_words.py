"""A policy in plain words: who decides, how many, until when, and what happens then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from review_app.addressees import who_may_answer
from workflows_app.engine.policy import ReviewPolicy, needed
from workflows_app.models import InputRequest

Outcomes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Rung:
    """From this moment on more people may answer."""

    at: datetime
    groups: str


@dataclass(frozen=True, slots=True)
class PolicyWords:
    """What a reader of the request should know of its rules."""

    who: str
    approvals: int
    agreed: list[str]
    claim: str
    groups: str
    due_at: datetime | None
    on_due: str
    rungs: list[Rung]


def policy_words(
    asked: InputRequest, policy: ReviewPolicy, outcomes: Outcomes, reader: User
) -> PolicyWords:
    """The rules of a request as they stand; what is past is not told again."""
    starter = asked.run.started_by.get_username() if asked.run.started_by else None
    labels = {str(each["key"]): str(each["label"]) for each in outcomes}
    return PolicyWords(
        who=who_may_answer(asked, reader.get_username(), starter),
        approvals=policy.approvals,
        agreed=[labels[k] for k in labels if needed(policy, outcomes, k) > 1],
        claim=policy.claim,
        groups=", ".join(policy.groups),
        due_at=asked.expires_at,
        on_due=labels.get(str(policy.on_due), ""),
        rungs=_rungs(asked, policy),
    )


def _rungs(asked: InputRequest, policy: ReviewPolicy) -> list[Rung]:
    found = []
    for rung in policy.escalate:
        after = rung.after
        later = after if isinstance(after, timedelta) else timedelta(seconds=after)
        if asked.opened_at + later > timezone.now():
            found.append(Rung(asked.opened_at + later, ", ".join(rung.groups)))
    return found
