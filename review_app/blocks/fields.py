"""Names with a value each, one below the other."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.json_tree import draw_tree
from review_app.part import Part, Path
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
            "value": draw_field(field["value"], place),
            "was": draw_field(field["was"], before) if "was" in field else "",
        }
        for label, field, place, before in _placed(items[:MOST], part)
    ]
    more = len(items) - len(fields)
    context = {"fields": fields, "was": was, "more": more, "part": part}
    return render_to_string("review/_fields.html", context)


def draw_field(value: Any, part: Part) -> SafeString:
    is_nested = isinstance(value, dict | list | tuple) and value
    return draw_tree(value, part) if is_nested else draw_value(value, part)


def _items(value: Any) -> list[tuple[str, Mapping[str, Any], Path]]:
    """Each label with its field, and the field's place."""
    if isinstance(value, Mapping):
        return [(str(key), {"value": each}, (str(key),)) for key, each in value.items()]
    return [
        (each["label"], {"value": None, **each}, (number, "value"))
        for number, each in enumerate(value)
    ]


def _placed(items: Any, part: Part) -> Iterator[tuple[str, Any, Part, Part]]:
    for label, field, path in items:
        yield label, field, part.inner(*path), part.inner(*path[:-1], "was")
