"""What was proposed for a field, beside what is in it now."""

import json
from dataclasses import dataclass
from typing import Any

from django.forms.boundfield import BoundField

from review_app.schema_form.choice_fields import ChoiceField, ChoicesField
from review_app.schema_form.fields import (
    AnswerField,
    CheckboxField,
    FixedField,
    RemoveField,
    SecretField,
    with_plain_lines,
)
from review_app.schema_form.place import MISSING
from workflows_app.shown.visible import visible

SHOWN = 60
LONG = 2_000
"""A longer text is not written twice: an untouched control knows how it began."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """`text` is what people read of it; empty for what only counts as a change."""

    controls: list[str]
    text: str
    is_changed: bool

    @property
    def data(self) -> str:
        """For the page's script: what the controls held; empty for a long untouched text."""
        is_known = not self.is_changed and sum(map(len, self.controls)) > LONG
        return "" if is_known else json.dumps(self.controls)


def find_proposed(bound: BoundField) -> Proposed | None:
    """What a field was filled with; None where nobody proposed anything."""
    field = bound.field
    if not isinstance(field, AnswerField) or not field.place.is_proposed:
        return None
    if isinstance(field, FixedField | SecretField):
        return None
    is_new = field.place.start is MISSING
    controls = controls_of(field, field.initial)
    text = "" if is_new else _told(field, controls)
    return Proposed(controls, text, controls_of(field, bound.value()) != controls)


def controls_of(field: AnswerField, value: Any) -> list[str]:
    """What the controls on the page hold for a value, as a browser would send it."""
    if isinstance(field, CheckboxField):
        return ["on"] if value else []
    if isinstance(field, ChoicesField):
        return [key for key in field.choices if key in map(str, value or ())]
    if isinstance(field, ChoiceField):
        return _chosen(field, value)
    return ["" if value is None else with_plain_lines(str(value))]


def _chosen(field: ChoiceField, value: Any) -> list[str]:
    """Radio buttons hold nothing until one is pressed; a list always holds something."""
    keys = {str(key) for key, _ in field.widget.choices}
    key = "" if value is None else str(value)
    return [key] if key in keys else []


def _told(field: AnswerField, controls: list[str]) -> str:
    """The value in a few words."""
    if isinstance(field, RemoveField):
        return ""
    if isinstance(field, CheckboxField):
        return "Yes" if controls else "No"
    if isinstance(field, ChoiceField | ChoicesField):
        labels = [field.choices[key].label for key in controls if key in field.choices]
        return _short(", ".join(labels)) or "no answer"
    return _short(visible(controls[0])) or "empty"


def _short(text: str) -> str:
    line = " ".join(text[: 2 * SHOWN].split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
