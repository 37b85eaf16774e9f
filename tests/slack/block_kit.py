"""What Slack refuses in a message: the limits of Block Kit, written down once more."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"&(?!(?:amp|lt|gt);)|[<>]")
_OURS = re.compile(r"<!date\^[0-9]+\^[^<>|^]+\|[^<>|]+>|<https?://[^<>|\s]+\|[^<>|]+>")
TEXT_MOST = {"header": 150, "section": 3_000}


def problems(message: Mapping[str, Any]) -> list[str]:
    """All that Slack would not take, or would take for a mention or a link."""
    found = [*_of_text(message["text"], 4_000)]
    blocks = message["blocks"]
    if not 1 <= len(blocks) <= 50:
        found.append(f"{len(blocks)} blocks")
    for block in blocks:
        found += _of_block(block)
    return found


def actions_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a message, in order."""
    rows = [b["elements"] for b in message["blocks"] if b["type"] == "actions"]
    return [element for row in rows for element in row]


def labels_of(message: Mapping[str, Any]) -> list[str]:
    return [action["text"]["text"] for action in actions_of(message)]


def words_of(message: Mapping[str, Any]) -> str:
    """All of a message in one text."""
    return json.dumps(message, ensure_ascii=False)


def _of_block(block: Mapping[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield from _of_object(block["text"], 150, kinds={"plain_text"})
        case "section":
            if "text" in block:
                yield from _of_object(block["text"], 3_000)
            fields = block.get("fields", [])
            if not ("text" in block or fields) or len(fields) > 10:
                yield f"{len(fields)} fields"
            for field in fields:
                yield from _of_object(field, 2_000)
        case "context":
            if not 1 <= len(block["elements"]) <= 10:
                yield f"{len(block['elements'])} elements of a context"
            for element in block["elements"]:
                yield from _of_object(element, 3_000)
        case "actions":
            yield from _of_actions(block["elements"])
        case kind:
            yield f"a block {kind}"


def _of_actions(elements: list[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(elements) <= 25:
        yield f"{len(elements)} buttons"
    names = [element["action_id"] for element in elements]
    if len(set(names)) != len(names) or any(len(name) > 255 for name in names):
        yield f"the names {names}"
    for element in elements:
        yield from _of_object(element["text"], 75, kinds={"plain_text"})
        if len(element.get("value", "")) > 2_000 or len(element.get("url", "")) > 3_000:
            yield "a long value"
        if element.get("style", "primary") not in ("primary", "danger"):
            yield f"the style {element['style']}"
        if "confirm" in element:
            yield from _of_dialog(element["confirm"])


def _of_dialog(dialog: Mapping[str, Any]) -> Iterator[str]:
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from _of_object(dialog[name], most, kinds={"plain_text"})


def _of_object(
    text: Mapping[str, Any],
    most: int,
    *,
    kinds: frozenset[str] | set[str] = frozenset({"plain_text", "mrkdwn"}),
) -> Iterator[str]:
    if text["type"] not in kinds:
        yield f"a text of type {text['type']}"
    known = text["text"]
    if text["type"] == "mrkdwn":
        known = _OURS.sub("x", known)
    yield from _of_text(known, most, whole=text["text"])


def _of_text(text: str, most: int, whole: str | None = None) -> Iterator[str]:
    size = len((text if whole is None else whole).encode("utf-16-le")) // 2
    if not text.strip() or size > most:
        yield f"a text of {size} characters, where {most} are allowed"
    if _BARE.search(text):
        yield f"what could be a mention: {_BARE.search(text)}"
