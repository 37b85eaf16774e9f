"""What somebody has done who chose an outcome, in a word."""

from collections.abc import Mapping
from typing import Any

from .visible import visible

DECISIONS = {
    "approve": "approved",
    "reject": "rejected",
    "accept": "accepted",
    "decline": "declined",
    "submit": "answered",
}


def label_of(content: Mapping[str, Any], outcome: str) -> str:
    """What an outcome is called in what was shown; its key where it was not offered."""
    labels = {each["key"]: each["label"] for each in content["outcomes"]}
    return str(labels.get(outcome, outcome))


def decided(outcome: str, label: str = "") -> str:
    """`approve` is "approved"; any other is named, by its label where there is one."""
    return DECISIONS.get(outcome, f"chose “{visible(label or outcome)}”")
