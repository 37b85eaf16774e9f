"""The buttons of a message, and what a press of one says.

A button decides where the request needs nothing but an outcome. It names the request, the
outcome by its place, and the digest of what was shown, which fixes what is at that place.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from .texts import Part, line, plain

MOST_BUTTONS = 24
"""A row takes 25, and one of them leads to Holdpoint."""

ACTION = "decide-"
OPEN = "open"
"""How the names of our actions begin, and the name of that which only follows a link."""

SHORT = 50
LABEL, TITLE, QUESTION, CHOICE, ADDRESS = 75, 100, 300, 30, 3_000
"""What Slack takes: characters of a button, of the parts of a dialog, of an address."""

_VALUE = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})\.([0-9]{1,3})")

Outcome = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Press:
    """What a button says that was pressed."""

    request: UUID
    digest: str
    place: int

    @property
    def value(self) -> str:
        return f"{self.request.hex}.{self.digest}.{self.place}"

    @classmethod
    def read(cls, value: object) -> "Press | None":
        """None for what no button of ours says."""
        found = _VALUE.fullmatch(value) if isinstance(value, str) else None
        return cls(UUID(found[1]), found[2], int(found[3])) if found else None


def is_simple(outcome: Outcome) -> bool:
    """Whether a press, and perhaps a dialog, is enough for this outcome."""
    confirm = outcome.get("confirm", False)
    has_word = isinstance(confirm, str) and bool(confirm)
    return not outcome["needs_reason"] and not has_word


def pressable(content: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[int, Any]:
    """The outcomes that a button decides, by their places; none if there is a form.

    None either if somebody must claim the request first, or if there are too many: some
    of them would look like all.
    """
    schema = content["schema"]
    has_form = schema is not None and not schema.get("x-choices")
    if has_form or policy.get("claim") == "required":
        return {}
    found = {n: o for n, o in enumerate(content["outcomes"]) if is_simple(o)}
    return found if len(found) <= MOST_BUTTONS else {}


def button(press: Press, outcome: Outcome) -> Part:
    """The button of an outcome; it asks once more if the outcome wants that.

    A dangerous one always does: from Slack there is no time to take it back.
    """
    drawn = {
        "type": "button",
        "action_id": f"{ACTION}{press.place}",
        "text": plain(line(outcome["label"], LABEL)),
        "value": press.value,
    }
    if outcome["style"] in ("primary", "danger"):
        drawn["style"] = outcome["style"]
    if outcome.get("confirm") or outcome["style"] == "danger":
        drawn["confirm"] = _dialog(outcome)
    return drawn


def link_button(label: str, address: str) -> Part:
    return {
        "type": "button",
        "action_id": OPEN,
        "text": plain(line(label, LABEL)),
        "url": address,
    }


def link_label(outcomes: Sequence[Outcome], pressed: Mapping[int, Outcome]) -> str:
    """What the link is for, beside the buttons."""
    others = [o for place, o in enumerate(outcomes) if place not in pressed]
    if not pressed:
        return "Decide in Holdpoint"
    if not others:
        return "Open in Holdpoint"
    if len(others) == 1:
        return f"{others[0]['label'][:SHORT]} in Holdpoint…"
    return "More outcomes in Holdpoint…"


def _dialog(outcome: Outcome) -> Part:
    label = outcome["label"]
    question = (
        outcome.get("effect") or "This counts at once, without time to take it back."
    )
    dialog = {
        "title": plain(line(f"{label}?", TITLE)),
        "text": plain(line(question, QUESTION)),
        "confirm": plain(line(label, CHOICE)),
        "deny": plain("Cancel"),
    }
    if outcome["style"] in ("primary", "danger"):
        dialog["style"] = outcome["style"]
    return dialog
