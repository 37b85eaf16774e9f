"""How big, deep and costly a schema may be: it may come from outside."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from workflows_app.engine.errors import ValidationError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_PATTERN = 200
MAX_ALTERNATIVES = 10_000  # a few $refs can spell out 2 ** 22 alternatives

IN_PLACE = ("allOf", "anyOf", "oneOf", "if", "then", "else", "not", "$ref")


def check_size(text: str) -> None:
    if len(text.encode()) > MAX_BYTES:
        raise ValidationError(f"The schema is larger than {MAX_BYTES // 1024} KiB.")


def check_parts(schema: Any) -> None:
    """Refuse what is nested too deep and patterns that are too long."""
    for part, depth in walk(schema):
        if depth > MAX_DEPTH and isinstance(part, dict | list):
            raise ValidationError(
                f"The schema is nested deeper than {MAX_DEPTH} levels."
            )
        if isinstance(part, dict) and any(map(_is_long, _patterns(part))):
            raise ValidationError(
                f"A pattern of the schema is longer than {MAX_PATTERN} characters."
            )


def check_alternatives(schema: Any) -> None:
    """Refuse a schema that would be tried too often on one and the same value."""
    try:
        count = _Alternatives(schema).count()
    except RecursionError:  # thousands of references in a row
        count = MAX_ALTERNATIVES + 1
    if count > MAX_ALTERNATIVES:
        raise ValidationError("The schema has too many alternatives to check.")


def walk(schema: Any) -> Iterator[tuple[Any, int]]:
    """Visit every part of a schema with its depth, without recursion."""
    waiting = [(schema, 1)]
    while waiting:
        part, depth = waiting.pop()
        yield part, depth
        if isinstance(part, dict | list):
            parts = part.values() if isinstance(part, dict) else part
            waiting += [(child, depth + 1) for child in parts]


def find_part(root: Any, reference: str) -> Any:
    """Find what a local reference (`#/$defs/Colour`) points at; None if nothing."""
    if reference == "#":
        return root
    part = root if reference.startswith("#/") else None
    for name in reference[2:].split("/"):
        key = unquote(name).replace("~1", "/").replace("~0", "~")
        part = part.get(key) if isinstance(part, dict) else None
    return part


def _patterns(part: dict[str, Any]) -> Iterable[Any]:
    named = part.get("patternProperties")
    return [part.get("pattern"), *(named if isinstance(named, dict) else ())]


def _is_long(pattern: Any) -> bool:
    return isinstance(pattern, str) and len(pattern) > MAX_PATTERN


class _Alternatives:
    """Counts how many parts of a schema are tried on one and the same value."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.known: dict[str, int] = {}

    def count(self) -> int:
        """Count at the most expensive place."""
        places = (part for part, _ in walk(self.root) if isinstance(part, dict))
        return max(map(self._count_at, places), default=0)

    def _count_at(self, part: Any) -> int:
        if isinstance(part, list):
            return sum(map(self._count_at, part))
        if not isinstance(part, dict):
            return 1
        inner = [part[name] for name in IN_PLACE if name in part]
        return 1 + sum(map(self._count_of, inner))

    def _count_of(self, part: Any) -> int:
        if not isinstance(part, str):
            return self._count_at(part)
        if part not in self.known:
            self.known[part] = 1  # a circle ends here
            self.known[part] = self._count_at(find_part(self.root, part))
        return self.known[part]
