"""Text from people as Slack shows it: to the letter, and no longer than it takes.

All of it goes into `plain_text`, where nothing is markup. What is ours may be `mrkdwn`,
where `<` would begin a mention or a link: so the three characters are escaped everywhere.
"""

from dataclasses import dataclass
from typing import Any

from workflows_app.shown.visible import visible

MORE = "…"
NOTHING = "-"
"""Slack takes no empty text."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text that Slack takes, and whether it is all of what was given."""

    text: str
    is_whole: bool = True


def escaped(text: str) -> str:
    """Text in which nothing begins a mention, a link or an entity."""
    return text.translate(_ESCAPES)


def fit(text: str, most: int) -> Fitted:
    """The text, escaped, or as much of its beginning as has room."""
    shown = visible(text[: most + 1]).strip()
    whole = escaped(shown)
    if len(text) <= most and length(whole) <= most:
        return Fitted(whole or NOTHING)
    return Fitted(_beginning(shown, most - len(MORE)) + MORE, is_whole=False)


def line(text: str, most: int) -> str:
    """The text on one line; what has no room is left out."""
    return fit(" ".join(text.split()), most).text


def length(text: str) -> int:
    """As programs count whose characters have 16 bits: never less than others count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> Part:
    """A text object of what is escaped and fits already."""
    return {"type": "plain_text", "text": text, "emoji": False}


def marked(text: str) -> Part:
    """A text object of our own words and marks."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _beginning(text: str, room: int) -> str:
    """So many characters, never half of an escape."""
    kept = []
    for character in text:
        piece = escaped(character)
        room -= length(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip()
