"""Text from outside on a page: nothing hidden, isolated, folded when it is long."""

import re
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.json_text import scalar_text
from review_app.visible import has_hidden, visible

LONG = 2_000
BEGINNING = 100
ADDRESS = re.compile(r"https?://[^\s\"'<>\\^`{|}]{1,2000}", re.IGNORECASE)


def draw_text(text: str) -> SafeString:
    """Draw text with its lines as they are."""
    return render_to_string("review/_text.html", _facts(visible(text)))


def draw_value(value: Any, *, quotes: bool = False) -> SafeString:
    """Draw a single value; an address of the web becomes a link that shows itself."""
    is_text = isinstance(value, str)
    text = visible(value) if is_text else scalar_text(value)
    context = _facts(f'"{text}"' if quotes and is_text else text)
    context["address"] = value if is_text and _is_address(value) else ""
    return render_to_string("review/_value.html", context)


def _is_address(text: str) -> bool:
    return bool(ADDRESS.fullmatch(text)) and not has_hidden(text)


def _facts(text: str) -> dict[str, Any]:
    is_long = len(text) > LONG
    beginning = text[:BEGINNING] if is_long else ""
    return {"text": text, "beginning": beginning, "length": len(text)}
