"""Text from outside on a page: nothing hidden, isolated, folded when it is long."""

import re
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString

from review_app.json_text import scalar_text
from review_app.part import WHOLE_PAGE, Part
from workflows_app.shown.visible import has_hidden, visible

LONG = 2_000
"""Characters that are shown at once; longer text is folded."""

LONGEST = 20_000
"""Characters that are folded; still longer text is linked, where there is an address."""

BEGINNING = 100
ADDRESS = re.compile(r"https?://[^\s\"'<>\\^`{|}]{1,2000}", re.IGNORECASE)


def draw_text(text: str, part: Part = WHOLE_PAGE) -> SafeString:
    """Draw text with its lines as they are."""
    return render_to_string("review/_text.html", _facts(visible(text), part))


def draw_value(
    value: Any, part: Part = WHOLE_PAGE, *, quotes: bool = False
) -> SafeString:
    """Draw a single value; an address of the web becomes a link that shows itself."""
    is_text = isinstance(value, str)
    text = visible(value) if is_text else scalar_text(value)
    context = _facts(f'"{text}"' if quotes and is_text else text, part)
    context["address"] = value if is_text and is_address(value) else ""
    return render_to_string("review/_value.html", context)


def is_address(text: str) -> bool:
    """Whether a text is an address of the web, and nothing beside it."""
    return bool(ADDRESS.fullmatch(text)) and not has_hidden(text)


def size_of(text: str) -> int:
    """How many bytes of a page a text takes."""
    return len(escape(text).encode(errors="replace"))


def _facts(text: str, part: Part) -> dict[str, Any]:
    """What a template needs of a text: all of it, or its beginning and a link."""
    facts = {"text": text, "length": f"{len(text):,}", "part": part}
    is_linked = bool(part.address) and (
        len(text) > LONGEST or not part.fits(size_of(text))
    )
    if is_linked:
        facts |= {"link": part.whole, "text": text[: 3 * BEGINNING]}
    elif len(text) > LONG:
        facts["beginning"] = text[:BEGINNING]
    return facts
