"""JSON as a tree of parts that unfold: bounded in depth, in breadth and in all."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.json_text import json_text, scalar_text
from review_app.part import MARKS, WHOLE_PAGE, Part
from review_app.shown_text import LONGEST, draw_text, draw_value, is_address, size_of
from workflows_app.shown.visible import visible

MAX_DEPTH = 32  # what lies deeper is shown as raw text
MAX_CHILDREN = 200
MAX_NODES = 2_000
OPEN_DEPTH = 2
MAX_NAME = 200  # the raw text has long names in full
MARKS_OF_PARTS = 200  # bytes around a part that unfolds
SHORT = 500  # longer values are drawn by themselves


def draw_tree(value: Any, part: Part = WHOLE_PAGE) -> SafeString:
    """Draw a value as a tree, with its raw text below."""
    context = {"tree": _Tree().draw(value, "", part, 0), "part": part}
    if part.address and not _is_small(value):
        context["link"] = part.whole
    else:
        context["raw"] = draw_text(json_text(value), part)
    return render_to_string("review/_json.html", context)


def _is_small(value: Any) -> bool:
    """Whether the raw text is worth its place on the page; deep values are not."""
    try:
        return len(json.dumps(value, default=str)) <= LONGEST
    except (RecursionError, TypeError, ValueError):
        return False


class _Tree:
    def __init__(self) -> None:
        self.room = MAX_NODES

    def draw(self, value: Any, name: str, part: Part, depth: int) -> SafeString:
        """Draw one part with what is in it; calls itself MAX_DEPTH times at most."""
        if not isinstance(value, dict | list | tuple):
            return _draw_leaf(name, draw_value(value, part, quotes=True))
        if not value:
            return _draw_leaf(name, draw_value(scalar_text(value), part))
        if depth >= MAX_DEPTH:
            return _draw_leaf(name, draw_text(json_text(value), part))
        return self._draw_parts(value, name, part, depth)

    def _draw_parts(self, value: Any, name: str, part: Part, depth: int) -> SafeString:
        shown = list(islice(self._parts(value, part), MAX_CHILDREN))
        self.room -= len(shown)
        children = [self._child(each, key, part, depth + 1) for key, each in shown]
        context = {
            "name": _short(name),
            "is_object": isinstance(value, dict),
            "count": len(value),
            "is_open": depth < OPEN_DEPTH,
            "children": children,
            "more": len(value) - len(children),
        }
        return render_to_string("review/_json_parts.html", context)

    def _parts(self, value: Any, part: Part) -> Iterator[tuple[str, Any]]:
        """Name the parts for which there is room, the items of a list by number."""
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in islice(named, max(0, self.room)):
            name, is_nested = str(key), isinstance(each, dict | list | tuple)
            marks = MARKS_OF_PARTS if is_nested else 0
            if not part.fits(size_of(name[:MAX_NAME]) + marks):
                return
            yield name, each

    def _child(self, value: Any, name: str, part: Part, depth: int) -> dict[str, Any]:
        """Most children are short values: their parent's template draws them itself."""
        text = _short_text(value)
        if text is not None and part.fits(size_of(text) - MARKS):
            return {"name": _short(name), "text": text}
        return {"html": self.draw(value, name, part.inner(name), depth)}


def _short_text(value: Any) -> str | None:
    """A value that is short and no link; None for any other."""
    if isinstance(value, str):
        return _quoted(value) if len(value) <= SHORT else None
    return None if isinstance(value, dict | list | tuple) else _scalar(value)


def _quoted(text: str) -> str | None:
    return None if is_address(text) else f'"{visible(text)}"'


def _scalar(value: Any) -> str | None:
    text = scalar_text(value)
    return text if len(text) <= SHORT else None


def _draw_leaf(name: str, drawn: SafeString) -> SafeString:
    context = {"name": _short(name), "value": drawn}
    return render_to_string("review/_json_leaf.html", context)


def _short(name: str) -> str:
    return visible(name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…")
