"""What a request shows: text, Markdown, fields and JSON that came from outside."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.json_tree import draw_tree
from review_app.markdown import MAX_LENGTH, render_markdown
from review_app.shown_text import draw_text, draw_value
from review_app.visible import visible

register = template.Library()


@register.simple_tag
def display_block(block: Any) -> SafeString:
    """Draw one block `{type, title, value}`; whatever does not fit is drawn as JSON."""
    kind, title, value = _read(block)
    context = {"kind": kind, "title": visible(title), "body": DRAWN_BY[kind](value)}
    return render_to_string("review/_block.html", context)


@register.simple_tag
def json_tree(value: Any) -> SafeString:
    """Draw a JSON value as a tree that unfolds, with its raw text."""
    return draw_tree(value)


@register.filter
def markdown(text: Any) -> SafeString:
    """Draw Markdown; a text too long to be parsed in time is drawn as it is."""
    source = str(text)
    if len(source) > MAX_LENGTH:
        return draw_text(source)
    html = render_markdown(source)
    return render_to_string("review/_markdown.html", {"html": html})


def _read(block: Any) -> tuple[str, str, Any]:
    """Take a block apart: its kind, its title, and a value that fits the kind."""
    if not isinstance(block, Mapping) or "value" not in block:
        return "json", "", block
    kind, title, value = block.get("type"), block.get("title"), block["value"]
    is_text = isinstance(value, str)
    fits = {
        "markdown": is_text,
        "text": is_text,
        "fields": _pairs(value) is not None,
    }
    known = kind if isinstance(kind, str) and fits.get(kind) else "json"
    return known, title if isinstance(title, str) else "", value


def _draw_fields(value: Any) -> SafeString:
    fields = [
        (visible(label), _draw_field(each)) for label, each in _pairs(value) or ()
    ]
    return render_to_string("review/_fields.html", {"fields": fields})


def _draw_field(value: Any) -> SafeString:
    is_nested = isinstance(value, dict | list | tuple) and value
    return draw_tree(value) if is_nested else draw_value(value)


def _pairs(value: Any) -> Iterable[tuple[str, Any]] | None:
    """Read fields from a mapping, or from a list of `{label, value}`."""
    if isinstance(value, Mapping):
        return [(str(label), each) for label, each in value.items()]
    if not isinstance(value, list | tuple):
        return None
    if not all(isinstance(each, Mapping) and "label" in each for each in value):
        return None
    return [(str(each["label"]), each.get("value")) for each in value]


DRAWN_BY = {
    "fields": _draw_fields,
    "json": draw_tree,
    "markdown": markdown,
    "text": draw_text,
}
