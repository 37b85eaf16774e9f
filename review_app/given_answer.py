"""An answer as it is read: each value beside the title that its form had."""

from collections.abc import Mapping
from typing import Any

from review_app.schema_form.choices import BOOLEAN_LABELS, find_choices
from review_app.schema_form.place import humanised
from review_app.schema_form.shape import shape_of
from workflows_app.shown.visible import visible

HIDDEN = "•••"
NOTHING = "(left out)"
DEEPEST = 20

Schema = dict[str, Any]


def answer_of(content: Mapping[str, Any], answer: Any) -> list[dict[str, Any]]:
    """An answer to what a request shows; `was` is what was proposed, where it differs."""
    return labelled(content["schema"], answer, content["proposed"])


def labelled(schema: Any, answer: Any, proposed: Any = None) -> list[dict[str, Any]]:
    """The parts of an answer as fields; empty when the outcome says it all."""
    root = schema if isinstance(schema, dict) else {}
    if answer is None or root.get("x-choices"):
        return []
    known = shape_of(root, root).schema
    if not isinstance(answer, dict):
        field = {"label": _title(known, "Answer"), "value": _read(known, root, answer)}
        return [{**field, **_was(known, root, answer, proposed)}]
    parts = _properties(known)
    offered = proposed if isinstance(proposed, dict) else {}
    emptied = {name: NOTHING for name in offered if name not in answer}
    return [
        {
            "label": _title(parts.get(name), name),
            "value": _read(parts.get(name), root, value),
            **_was(parts.get(name), root, value, offered.get(name)),
        }
        for name, value in (answer | emptied).items()
    ]


def _was(schema: Any, root: Schema, value: Any, proposed: Any) -> dict[str, Any]:
    """What was proposed, if that is something else; a secret only tells that it is one."""
    is_same = value == proposed and isinstance(value, bool) == isinstance(
        proposed, bool
    )
    was = _read(schema, root, proposed)
    is_told = proposed is not None and not is_same and was != HIDDEN
    return {"was": was} if is_told else {}


def _read(schema: Any, root: Schema, value: Any, depth: int = 0) -> Any:
    """A value with the labels of its choices, and without what is secret."""
    if depth > DEEPEST:
        return value
    known = shape_of(schema, root).schema
    if is_secret(known):
        return HIDDEN
    if isinstance(value, dict):
        parts = _properties(known)
        return {k: _read(parts.get(k), root, v, depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_read(known.get("items"), root, each, depth + 1) for each in value]
    if isinstance(value, bool):
        return BOOLEAN_LABELS[value]
    return _choice_label(known, root, value)


def _choice_label(known: Schema, root: Schema, value: Any) -> Any:
    for choice in find_choices(known, root) or ():
        if type(choice.value) is type(value) and choice.value == value:
            return choice.label
    return value


def _properties(known: Schema) -> Schema:
    properties = known.get("properties")
    return properties if isinstance(properties, dict) else {}


def is_secret(known: Schema) -> bool:
    hints = known.get("x-ui")
    widget = hints.get("widget") if isinstance(hints, dict) else None
    is_password = "password" in (known.get("format"), widget)
    return is_password or known.get("writeOnly") is True


def _title(schema: Any, name: str) -> str:
    title = schema.get("title") if isinstance(schema, dict) else None
    return visible(title if isinstance(title, str) and title else humanised(name))
