"""What a request shows: blocks of text, Markdown, fields and JSON from outside."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from review_app.blocks.draw import draw_block, draw_content, draw_markdown
from review_app.blocks.fields import draw_fields
from review_app.json_tree import draw_tree
from review_app.part import WHOLE_PAGE, Part

register = template.Library()


@register.simple_tag
def shown_content(content: Mapping[str, Any], address: str = "") -> SafeString:
    """Draw all that a request shows; at `address` each part can be read in full."""
    return draw_content(content, Part(address))


@register.simple_tag
def display_block(block: Any) -> SafeString:
    """Draw one block `{type, title, value}`; whatever does not fit is drawn as JSON."""
    return draw_block(block, WHOLE_PAGE)


@register.simple_tag
def answer_fields(fields: list[dict[str, Any]], address: str = "") -> SafeString:
    """Draw an answer; beside what was changed stands what had been proposed."""
    return draw_fields(fields, Part(address, ("answer",)), was="proposed")


@register.simple_tag
def json_tree(value: Any) -> SafeString:
    """Draw a JSON value as a tree that unfolds, with its raw text."""
    return draw_tree(value)


@register.filter
def markdown(text: Any) -> SafeString:
    """Draw Markdown; a text too long to be parsed in time is drawn as it is."""
    return draw_markdown(str(text), WHOLE_PAGE)
