"""Draws a block by its type; one that does not fit its type is drawn as JSON."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.blocks.chat import draw_chat
from review_app.blocks.diff import draw_diff
from review_app.blocks.fields import draw_fields
from review_app.blocks.references import draw_files, draw_links
from review_app.blocks.table import draw_table
from review_app.json_tree import draw_tree
from review_app.markdown import MAX_LENGTH, render_markdown
from review_app.part import Part
from review_app.shown_text import draw_text
from workflows_app.engine.display import find_problem
from workflows_app.shown.visible import visible

MOST_BLOCKS = 50
LONGEST_TITLE = 300

Draw = Callable[[Any, Part], SafeString]


def draw_block(block: Any, part: Part) -> SafeString:
    """Draw one block `{type, title, value}`."""
    kind, title, value, place = _read(block, part)
    context = {
        "kind": kind,
        "title": visible(title[:LONGEST_TITLE]),
        "body": DRAWN_BY[kind](value, place),
    }
    return render_to_string("review/_block.html", context)


def draw_content(content: Mapping[str, Any], part: Part) -> SafeString:
    """Draw all that a request shows; its blocks share the room of the page."""
    display: Sequence[Any] = content["display"]
    blocks = [
        draw_block(block, part.inner("display", number))
        for number, block in enumerate(display[:MOST_BLOCKS])
    ]
    metadata = content["metadata"]
    context = {
        "prompt": draw_markdown(content["prompt"], part.inner("prompt")),
        "blocks": blocks,
        "more": len(display) - len(blocks),
        "link": part.inner("display").whole,
        "details": draw_tree(metadata, part.inner("metadata")) if metadata else "",
    }
    return render_to_string("review/_shown.html", context)


def draw_markdown(text: str, part: Part) -> SafeString:
    """Draw Markdown; a text too long to be parsed in time is drawn as it is."""
    if not text:
        return SafeString()
    if len(text) > MAX_LENGTH or not part.may_parse(len(text)):
        return draw_text(text, part)
    html = render_markdown(text)
    if not part.fits(len(html)):
        return draw_text(text, part)
    return render_to_string("review/_markdown.html", {"html": html})


def _read(block: Any, part: Part) -> tuple[str, str, Any, Part]:
    """Take a block apart: its kind, its title, and a value that fits the kind."""
    if not isinstance(block, Mapping) or "value" not in block:
        return "json", "", block, part
    title = block.get("title")
    kind = "json" if find_problem(block) else block["type"]
    place = part.inner("value")
    return kind, title if isinstance(title, str) else "", block["value"], place


DRAWN_BY: Mapping[str, Draw] = {
    "chat": draw_chat,
    "diff": draw_diff,
    "fields": draw_fields,
    "files": draw_files,
    "json": draw_tree,
    "links": draw_links,
    "markdown": draw_markdown,
    "table": draw_table,
    "text": draw_text,
}
