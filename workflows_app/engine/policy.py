"""Who may answer an input request, and with what: pure rules on plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Style = Literal["normal", "primary", "danger"]

REVIEWERS = frozenset({"reviewers", "leads"})
"""Members of these groups answer what is addressed to nobody in particular."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of the ways in which a person may decide."""

    key: str
    label: str | None = None
    style: Style = "normal"
    needs_reason: bool = False

    def dump(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "label": self.label or self.key.replace("_", " ").capitalize(),
            "style": self.style,
            "needs_reason": self.needs_reason,
        }


SUBMIT = Outcome("submit", style="primary")
"""What a request offers that names no outcome and no choices."""


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """Who may answer: nobody named means every reviewer."""

    assignees: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    starter_may_decide: bool = True

    def dump(self) -> dict[str, Any]:
        return {
            "assignees": list(self.assignees),
            "groups": list(self.groups),
            "starter_may_decide": self.starter_may_decide,
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "ReviewPolicy":
        return cls(
            assignees=tuple(data.get("assignees", ())),
            groups=tuple(data.get("groups", ())),
            starter_may_decide=data.get("starter_may_decide", True),
        )


@dataclass(frozen=True, slots=True)
class Responder:
    """Who answers. A person brings his groups; a program is trusted by its door."""

    kind: Literal["person", "program", "deadline"]
    name: str
    groups: frozenset[str] = field(default_factory=frozenset)


PROGRAM = Responder("program", "program")


def find_objection(
    policy: ReviewPolicy, responder: Responder, started_by: str | None
) -> str | None:
    """Why this responder may not answer, in words for him; None when he may."""
    if responder.kind != "person":
        return None
    if not _is_addressed(policy, responder):
        names = ", ".join((*policy.assignees, *policy.groups)) or "reviewers"
        return f"Only {names} may answer this request."
    if not policy.starter_may_decide and responder.name == started_by:
        return "You started this run, so somebody else must decide."
    return None


def _is_addressed(policy: ReviewPolicy, responder: Responder) -> bool:
    if policy.assignees or policy.groups:
        return responder.name in policy.assignees or bool(
            responder.groups.intersection(policy.groups)
        )
    return bool(responder.groups & REVIEWERS)


def primary(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """The outcome that an answer without one takes: the primary one, else the first."""
    for outcome in outcomes:
        if outcome["style"] == "primary":
            return str(outcome["key"])
    return str(outcomes[0]["key"])
