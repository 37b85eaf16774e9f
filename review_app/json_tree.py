"""JSON as a tree of parts that unfold: bounded in depth, in breadth and in all."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.json_text import json_text, scalar_text
from review_app.shown_text import draw_text, draw_value
from review_app.visible import visible

MAX_DEPTH = 32  # what lies deeper is shown as raw text
MAX_CHILDREN = 200
MAX_NODES = 2_000
OPEN_DEPTH = 2
MAX_NAME = 200  # the raw text has long names in full


def draw_tree(value: Any) -> SafeString:
    """Draw a value as a tree, with its raw text below."""
    tree = _Tree().draw(value, "", 0)
    raw = draw_text(json_text(value))
    return render_to_string("review/_json.html", {"tree": tree, "raw": raw})


class _Tree:
    def __init__(self) -> None:
        self.room = MAX_NODES

    def draw(self, value: Any, name: str, depth: int) -> SafeString:
        """Draw one part with what is in it; calls itself MAX_DEPTH times at most."""
        if not isinstance(value, dict | list | tuple):
            return self._draw_leaf(name, draw_value(value, quotes=True))
        if not value:
            return self._draw_leaf(name, draw_value(scalar_text(value)))
        if depth >= MAX_DEPTH:
            return self._draw_leaf(name, draw_text(json_text(value)))
        return self._draw_parts(value, name, depth)

    def _draw_parts(self, value: Any, name: str, depth: int) -> SafeString:
        shown = list(islice(self._parts(value), MAX_CHILDREN))
        self.room -= len(shown)
        parts = [self.draw(part, key, depth + 1) for key, part in shown]
        context = {
            "name": _short(name),
            "is_object": isinstance(value, dict),
            "count": len(value),
            "is_open": depth < OPEN_DEPTH,
            "parts": parts,
            "more": len(value) - len(parts),
        }
        return render_to_string("review/_json_parts.html", context)

    def _parts(self, value: Any) -> Iterator[tuple[str, Any]]:
        """Name the parts for which there is room, the items of a list by number."""
        named = value.items() if isinstance(value, dict) else enumerate(value)
        return ((str(key), part) for key, part in islice(named, max(0, self.room)))

    def _draw_leaf(self, name: str, drawn: SafeString) -> SafeString:
        context = {"name": _short(name), "value": drawn}
        return render_to_string("review/_json_leaf.html", context)


def _short(name: str) -> str:
    return visible(name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…")
