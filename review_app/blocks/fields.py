"""Names with a value each, one below the other."""

from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.json_tree import draw_tree
from review_app.part import Part
from review_app.shown_text import draw_value
from review_app.visible import visible

MOST = 200
LONGEST_LABEL = 200


def draw_fields(value: Any, part: Part, *, was: str = "was") -> SafeString:
    """Draw a mapping, or a list of {label, value}; `was` says what is beside a value."""
    items = _items(value)
    fields = [
        {
            "label": visible(label[:LONGEST_LABEL]),
            "value": draw_field(given, part.inner(*place)),
            "was": draw_field(before, part.inner(*place)) if is_changed else "",
        }
        for label, given, before, is_changed, place in items[:MOST]
    ]
    more = len(items) - len(fields)
    context = {"fields": fields, "was": was, "more": more, "part": part}
    return render_to_string("review/_fields.html", context)


def draw_field(value: Any, part: Part) -> SafeString:
    is_nested = isinstance(value, dict | list | tuple) and value
    return draw_tree(value, part) if is_nested else draw_value(value, part)


def _items(value: Any) -> list[tuple[str, Any, Any, bool, tuple[str | int, ...]]]:
    """Each label with its value, what it was, whether that is said, and its place."""
    if isinstance(value, Mapping):
        return [(str(k), v, None, False, (str(k),)) for k, v in value.items()]
    return [
        (each["label"], each.get("value"), each.get("was"), "was" in each, (n, "value"))
        for n, each in enumerate(value)
    ]
