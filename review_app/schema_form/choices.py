"""Values that a schema lists, as choices with a label each."""

import json
from dataclasses import dataclass
from typing import Any

from review_app.schema_form.shape import Schema, shape_of
from review_app.visible import visible

BOOLEAN_LABELS = {True: "Yes", False: "No"}


@dataclass(frozen=True)
class Choice:
    """One value to choose, and what a person reads for it."""

    value: Any
    label: str


YES_NO = [Choice(True, "Yes"), Choice(False, "No")]


def find_choices(schema: Schema, root: Schema) -> list[Choice] | None:
    """Find the values that a schema lists, null aside; None if it lists none."""
    listed = _from_enum(schema)
    for keyword in ("oneOf", "anyOf"):
        if not listed and isinstance(schema.get(keyword), list):
            listed = _from_options(schema[keyword], root)
    choices = [choice for choice in listed if choice.value is not None]
    return choices or None


def keyed(choices: list[Choice]) -> dict[str, Choice]:
    """Name each choice for the page: text as it is, if all are text, else as JSON."""
    is_plain = all(isinstance(each.value, str) and each.value for each in choices)
    return {
        each.value if is_plain else json.dumps(each.value): each for each in choices
    }


def _from_enum(schema: Schema) -> list[Choice]:
    values, names = schema.get("enum"), schema.get("enumNames")
    if not isinstance(values, list):
        return []
    if not isinstance(names, list) or len(names) != len(values):
        return [Choice(value, label_of(value)) for value in values]
    return [
        Choice(v, visible(str(name))) for v, name in zip(values, names, strict=True)
    ]


def _from_options(options: list[Any], root: Schema) -> list[Choice]:
    """Read `oneOf` of constants with titles; empty if one option is something else."""
    shapes = [shape_of(option, root).schema for option in options]
    singles = [_single(shape) for shape in shapes]
    if not all(singles):
        return []
    return [
        Choice(single[0], visible(str(shape.get("title") or label_of(single[0]))))
        for single, shape in zip(singles, shapes, strict=True)
    ]


def _single(schema: Schema) -> list[Any]:
    """Give the only value that a schema takes, in a list; an empty list if it has more."""
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) and len(values) == 1 else []


def label_of(value: Any) -> str:
    if isinstance(value, bool):
        return BOOLEAN_LABELS[value]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text) or "(empty)"
