"""Values that a schema lists, as choices with a label each."""

import json
from dataclasses import dataclass
from typing import Any

from review_app.schema_form.shape import Schema, shape_of
from workflows_app.shown.visible import visible

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
    listed = [_listed(shape) for shape in shapes]
    return [choice for choices in listed for choice in choices] if all(listed) else []


def _listed(schema: Schema) -> list[Choice]:
    """The values that an option takes; its title is the name of a single one."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list) or len(values) != 1:
        return _from_enum(schema)
    title = schema.get("title")
    return [Choice(values[0], visible(str(title or label_of(values[0]))))]


def label_of(value: Any) -> str:
    if isinstance(value, bool):
        return BOOLEAN_LABELS[value]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text) or "(empty)"
