"""Messages of a conversation, the newest last."""

from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.part import Part
from review_app.shown_text import draw_text
from workflows_app.shown.visible import visible

SHOWN = 10
"""Earlier messages are folded."""

MOST = 200
"""Still earlier ones are only counted."""

LONGEST_NAME = 100
MARKS_OF_MESSAGE = 250
"""Bytes of who, when, and the marks around a message."""


def draw_chat(value: Any, part: Part) -> SafeString:
    """Draw messages, in order of their moments if each has one."""
    messages = in_order(value)
    drawn: list[dict[str, Any]] = []
    for place, message in messages[: -MOST - 1 : -1]:  # the newest must find room
        if not part.fits(MARKS_OF_MESSAGE):
            break
        drawn.insert(0, _message(message, part.inner(place)))
    context = {
        "earlier": drawn[:-SHOWN],
        "messages": drawn[-SHOWN:],
        "left_out": len(messages) - len(drawn),
        "link": part.whole,
        "part": part,
    }
    return render_to_string("review/_chat.html", context)


def _message(message: dict[str, Any], part: Part) -> dict[str, Any]:
    at = message.get("at", "")
    moment = _moment(at)
    return {
        "who": visible(message["who"][:LONGEST_NAME]) or "(nobody)",
        "moment": moment,
        "at": "" if moment else visible(str(at)[:LONGEST_NAME]),
        "text": draw_text(message["text"], part.inner("text")),
    }


def in_order(messages: Any) -> list[tuple[int, dict[str, Any]]]:
    """Messages with their places: by moment, if all have one; else as they came."""
    moments = [_moment(each.get("at", "")) for each in messages]
    numbered = list(enumerate(messages))
    if all(moments):
        numbered.sort(key=lambda each: (moments[each[0]], each[0]))
    return numbered


def _moment(at: Any) -> datetime | None:
    """A moment in UTC; None for what is no moment."""
    try:
        found = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
