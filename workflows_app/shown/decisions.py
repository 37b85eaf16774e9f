"""What somebody has done who chose an outcome, in a word."""

from .visible import visible

DECISIONS = {
    "approve": "approved",
    "reject": "rejected",
    "accept": "accepted",
    "decline": "declined",
    "submit": "answered",
}


def decided(outcome: str, label: str = "") -> str:
    """`approve` is "approved"; any other is named, by its label where there is one."""
    return DECISIONS.get(outcome, f"chose “{visible(label or outcome)}”")
