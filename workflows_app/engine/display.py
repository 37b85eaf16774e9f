"""What a request may show: blocks, each of a kind, and the values that fit it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import ValidationError

BESIDE = frozenset({"label", "value", "was"})
MESSAGE = frozenset({"who", "text", "at"})
FILE = frozenset({"url", "name", "type", "size"})
LINK = frozenset({"url", "name"})


@dataclass(frozen=True, slots=True)
class Block:
    """A part of what is shown to the person who decides; docs/write-a-workflow.md."""

    type: str
    value: Any
    title: str = ""

    def dump(self) -> dict[str, Any]:
        return {"type": self.type, "title": self.title, "value": self.value}


def check_display(blocks: Sequence[Any]) -> None:
    """Raises ValidationError naming each block that nobody could read as it is meant."""
    found = [
        f"Block {number} of the display: {problem}"
        for number, block in enumerate(blocks, start=1)
        if (problem := find_problem(block))
    ]
    if found:
        raise ValidationError(found)


def find_problem(block: Any) -> str:
    """Why a block cannot be shown as its kind; empty if it can."""
    if not isinstance(block, Mapping) or "value" not in block:
        return "it has no value."
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in FITS:
        return f"{kind!r} is none of the types {', '.join(FITS)}."
    if not isinstance(block.get("title", ""), str):
        return "its title is no text."
    wanted, fits = FITS[kind]
    return "" if fits(block["value"]) else f"the value of {kind!r} is {wanted}."


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_diff(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and value.keys() == {"before", "after"}
        and all(map(_is_text, value.values()))
    )


def _are_fields(value: Any) -> bool:
    return isinstance(value, Mapping) or _are_items(value, BESIDE, _is_field)


def _is_field(item: Mapping[str, Any]) -> bool:
    return _is_text(item.get("label"))


def _is_message(item: Mapping[str, Any]) -> bool:
    moment = item.get("at", "")
    is_said = _is_text(item.get("who")) and _is_text(item.get("text"))
    return is_said and isinstance(moment, str | datetime)


def _is_reference(item: Mapping[str, Any]) -> bool:
    return all(map(_is_text, (item.get("url"), item.get("name", ""))))


def _is_file(item: Mapping[str, Any]) -> bool:
    size = item.get("size", 0)
    is_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return _is_reference(item) and _is_text(item.get("type", "")) and is_size


def _is_table(value: Any) -> bool:
    """Whether it is a list of mappings, or names the columns and lists the rows."""
    if not isinstance(value, Mapping):
        return _are_rows(value, Mapping)
    columns = value.get("columns")
    is_named = isinstance(columns, list | tuple) and all(map(_is_text, columns))
    is_whole = value.keys() == {"columns", "rows"}
    return is_whole and is_named and _are_rows(value["rows"], list | tuple | Mapping)


def _are_rows(value: Any, kind: Any) -> bool:
    is_list = isinstance(value, list | tuple)
    return is_list and all(isinstance(row, kind) for row in value)


def _are_items(
    value: Any, known: frozenset[str], fits: Callable[[Mapping[str, Any]], bool]
) -> bool:
    """Whether it is a list of mappings that have no other keys than these."""
    return _are_rows(value, Mapping) and all(
        known.issuperset(item) and fits(item) for item in value
    )


FITS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a text", _is_text),
    "markdown": ("a text", _is_text),
    "diff": ("two texts, {before, after}", _is_diff),
    "fields": ("a mapping, or a list of {label, value, was}", _are_fields),
    "table": ("a list of mappings, or {columns, rows}", _is_table),
    "chat": (
        "a list of {who, text, at}",
        lambda value: _are_items(value, MESSAGE, _is_message),
    ),
    "files": (
        "a list of {url, name, type, size}",
        lambda value: _are_items(value, FILE, _is_file),
    ),
    "links": (
        "a list of {url, name}",
        lambda value: _are_items(value, LINK, _is_reference),
    ),
    "json": ("anything", lambda _: True),
}
"""Every type of block: what its value is, in words and as a rule."""
