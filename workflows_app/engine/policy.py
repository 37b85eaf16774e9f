"""Who may answer an input request, with what, and until when: pure rules on plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from .seconds import check_seconds

Style = Literal["normal", "primary", "danger"]
Claim = Literal["on_typing", "required", "none"]

REVIEWERS = frozenset({"reviewers", "leads"})
"""Members of these groups answer what is addressed to nobody in particular."""

NAME_LENGTH = 150
"""Characters in the name of a person or a group at most."""

BROWSER = "browser"
"""The door of people in a browser: the only one with time to take a decision back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of the ways in which a person may decide.

    `confirm` asks once more before it counts; a text is a word that must be typed.
    `effect` tells people what happens then.
    """

    key: str
    label: str | None = None
    style: Style = "normal"
    needs_reason: bool = False
    confirm: bool | str = False
    effect: str = ""

    def dump(self) -> dict[str, Any]:
        effect = {"effect": self.effect} if self.effect else {}
        return {
            "key": self.key,
            "label": self.label or self.key.replace("_", " ").capitalize(),
            "style": self.style,
            "needs_reason": self.needs_reason,
            "confirm": self.confirm,
            **effect,
        }


SUBMIT = Outcome("submit", style="primary")
"""What a request offers that names no outcome and no choices."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """After so many seconds without a decision, these groups may answer as well."""

    after: float | timedelta
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """Who may answer, how many must, and what happens when nobody does.

    Nobody named means every reviewer. `approvals` people must choose the primary
    outcome (without one: the same outcome); any other needs one person only. When
    `due_in` is over, `on_due` happens: the key of an outcome decides, an event goes to
    the step that accepts it, and without either the run fails. `warn_at` are the parts
    of that time after which pages warn.

    Raises ValueError for times, numbers and names that cannot be, TypeError for a text
    where a list of names belongs.
    """

    assignees: Sequence[str] = ()
    groups: Sequence[str] = ()
    approvals: int = 1
    starter_may_decide: bool = True
    claim: Claim = "on_typing"
    bulk: bool = False
    undo_seconds: float = 5.0
    due_in: float | timedelta | None = None
    warn_at: Sequence[float] = (0.5, 0.8)
    on_due: Any = None
    escalate: Sequence[Escalation] = ()
    delegate: bool = True

    def __post_init__(self) -> None:
        check_addressees(self.assignees, "assignees")
        check_addressees(self.groups, "groups")
        if self.approvals < 1:
            raise ValueError(f"approvals must be at least 1, not {self.approvals}.")
        if not 0 <= self.undo_seconds <= 3600:  # noqa: PLR2004 - an hour
            raise ValueError(
                f"undo_seconds must be from 0 to 3600, not {self.undo_seconds}."
            )
        if any(not 0 < part < 1 for part in self.warn_at):
            raise ValueError(f"warn_at are parts of the time, not {self.warn_at!r}.")
        if self.due_in is not None:
            check_seconds(self.due_in, "due_in")
        elif self.on_due is not None:
            raise ValueError("on_due needs due_in: when is it due?")

    def dump(self) -> dict[str, Any]:
        return {
            "assignees": list(self.assignees),
            "groups": list(self.groups),
            "approvals": self.approvals,
            "starter_may_decide": self.starter_may_decide,
            "claim": self.claim,
            "bulk": self.bulk,
            "undo_seconds": self.undo_seconds,
            "due_in": self.due_seconds,
            "warn_at": list(self.warn_at),
            "on_due": self.on_due if isinstance(self.on_due, str) else None,
            "escalate": [
                {
                    "after": check_seconds(step.after, "time of an escalation"),
                    "groups": list(check_addressees(step.groups, "groups")),
                }
                for step in self.escalate
            ],
            "delegate": self.delegate,
        }

    @property
    def due_seconds(self) -> float | None:
        if self.due_in is None:
            return None
        return check_seconds(self.due_in, "due_in")

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "ReviewPolicy":
        known = {key: data[key] for key in cls.__slots__ if key in data}
        ladder = [
            Escalation(s["after"], tuple(s["groups"])) for s in data.get("escalate", ())
        ]
        return cls(**{**known, "escalate": ladder})


def check_names(given: Sequence[str], what: str) -> tuple[str, ...]:
    """A list of names. Raises TypeError for a text, which would be a list of letters."""
    if isinstance(given, str):
        raise TypeError(f"{what} is a list of names, not the text {given!r}.")
    return tuple(given)


def check_addressees(given: Sequence[str], what: str) -> tuple[str, ...]:
    """The same; raises ValueError for what nobody and no group can be called."""
    names = check_names(given, what)
    for name in names:
        if not name.isprintable() or not 0 < len(name) <= NAME_LENGTH:
            raise ValueError(
                f"{what} are printable names of at most {NAME_LENGTH} characters, "
                f"not {name[:40]!r}."
            )
    return names


@dataclass(frozen=True, slots=True)
class Responder:
    """Who answers. A person brings his groups; all others are trusted by their door."""

    kind: Literal["person", "link", "program", "deadline", "input_handler"]
    name: str
    groups: frozenset[str] = field(default_factory=frozenset)


PROGRAM = Responder("program", "program")
DEADLINE = Responder("deadline", "deadline")
HANDLER = Responder("input_handler", "input_handler")


def groups_asked(policy: Mapping[str, Any]) -> list[str]:
    """The groups that a stored policy asks: the reviewers, where it names nobody."""
    if policy["groups"] or policy["assignees"]:
        return list(policy["groups"])
    return sorted(REVIEWERS)


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


def needed(
    policy: ReviewPolicy, outcomes: Sequence[Mapping[str, Any]], key: str
) -> int:
    """How many people must choose this outcome.

    Only what lets the work go on needs as many as `approvals` says: the primary outcome,
    or where none is, each that is no refusal.
    """
    styles = {str(each["key"]): each["style"] for each in outcomes}
    if "primary" in styles.values():
        needs_all = styles.get(key) == "primary"
    else:
        needs_all = styles.get(key) != "danger"
    return policy.approvals if needs_all else 1


def undo_seconds(policy: ReviewPolicy, door: str, wanted: float | None) -> float:
    """How long a decision can be taken back: a person may choose less, never more."""
    if door != BROWSER:
        return 0.0
    return policy.undo_seconds if wanted is None else min(wanted, policy.undo_seconds)


def primary(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """The outcome that an answer without one takes: the primary one, else the first."""
    for outcome in outcomes:
        if outcome["style"] == "primary":
            return str(outcome["key"])
    return str(outcomes[0]["key"])
