"""Names with a value each, one below the other."""

from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.blocks.diff import draw_diff
from review_app.json_text import scalar_text
from review_app.json_tree import draw_tree
from review_app.part import Part, Path
from review_app.shown_text import draw_value
from workflows_app.shown.visible import visible

MOST = 200
FEW = 20
LONG = 200
LONGEST_LABEL = 200


def draw_fields(value: Any, part: Part, *, was: str = "was") -> SafeString:
    """Draw a mapping, or a list of {label, value}; `was` says what is beside a value."""
    items = _items(value)
    fields = [
        {"label": visible(label[:LONGEST_LABEL]), **_drawn(field, part, path)}
        for label, field, path in items[:MOST]
    ]
    more = len(items) - len(fields)
    context = {"fields": fields, "was": was, "more": more, "part": part}
    return render_to_string("review/_fields.html", context)


def _drawn(field: Mapping[str, Any], part: Part, path: Path) -> dict[str, SafeString]:
    """The value, and beside it what it was; of a long text the words that differ."""
    value, place = field["value"], part.inner(*path)
    if "was" not in field:
        return {"value": _draw_value(value, place)}
    was = field["was"]
    if isinstance(value, str) and isinstance(was, str) and len(value + was) > LONG:
        texts = {"before": was, "after": value}
        place = part.inner(*path[:-1])
        return {"value": draw_diff(texts, place, ("was", "value"))}
    before = part.inner(*path[:-1], "was")
    return {"value": _draw_value(value, place), "was": _draw_value(was, before)}


def _draw_value(value: Any, part: Part) -> SafeString:
    if not isinstance(value, dict | list | tuple) or not value:
        return draw_value(value, part)
    texts = None if isinstance(value, dict) else _short_texts(value)
    if texts is None:
        return draw_tree(value, part)
    return render_to_string("review/_values.html", {"values": texts})


def _short_texts(values: list[Any] | tuple[Any, ...]) -> list[str] | None:
    """The values of a short list of short values; None for any other list."""
    if len(values) > FEW or any(
        isinstance(each, dict | list | tuple) for each in values
    ):
        return None
    texts = [visible(v) if isinstance(v, str) else scalar_text(v) for v in values]
    return texts if sum(map(len, texts)) <= LONG else None


def _items(value: Any) -> list[tuple[str, Mapping[str, Any], Path]]:
    """Each label with its field, and the field's place."""
    if isinstance(value, Mapping):
        return [(str(key), {"value": each}, (str(key),)) for key, each in value.items()]
    return [
        (each["label"], {"value": None, **each}, (number, "value"))
        for number, each in enumerate(value)
    ]
