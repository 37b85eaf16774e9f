"""JSON as indented text, however deep it is."""

import json
from collections.abc import Iterator
from typing import Any

from workflows_app.shown.visible import escaped

MAX_INDENT = 32  # deeper lines stay where they are, or the text would grow squared


def json_text(value: Any) -> str:
    """Write a value as JSON; hidden characters are escaped, so it stays valid JSON."""
    return escaped(_fast_text(value) or "".join(_pieces(value)))


def _fast_text(value: Any) -> str:
    """Let Python's encoder write what it can; empty if that would be too deep for it."""
    try:
        # The encoder without indentation is in C, and stops soon when it is too deep.
        json.dumps(value, default=str)
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    except (RecursionError, TypeError, ValueError):
        return ""
    return text


def scalar_text(value: Any) -> str:
    """Write a value that has no parts; what JSON does not know becomes text."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:  # an integer of more digits than Python likes to write
        text = f"{value:#x}"
    return escaped(text)


class _Written(str):
    """A piece of the text that is finished."""

    __slots__ = ()


def _pieces(value: Any) -> Iterator[str]:
    """Write a value piece by piece, with a stack of its own instead of recursion."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, _Written):
            yield part
        elif isinstance(part, dict | list | tuple) and part:
            waiting += reversed(list(_opened(part, depth)))
        else:
            yield scalar_text(part)


def _opened(part: Any, depth: int) -> Iterator[tuple[Any, int]]:
    """Split an object or a list into its brackets, names and parts, in order."""
    is_object = isinstance(part, dict)
    line = "\n" + "  " * min(depth + 1, MAX_INDENT)
    yield _Written("{" if is_object else "["), depth
    for index, each in enumerate(part.items() if is_object else part):
        name = f"{scalar_text(str(each[0]))}: " if is_object else ""
        yield _Written(f"{',' if index else ''}{line}{name}"), depth
        yield (each[1] if is_object else each), depth + 1
    yield _Written(line[:-2] if depth < MAX_INDENT else line), depth
    yield _Written("}" if is_object else "]"), depth
