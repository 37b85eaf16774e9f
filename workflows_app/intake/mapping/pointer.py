"""JSON Pointers (RFC 6901): `/pull_request/labels/0/name`; an empty one is the whole."""

import re
from typing import Any

_STEP = re.compile(r"(?:[^~]|~0|~1)*")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")

Steps = tuple[str, ...]


def parse_pointer(text: str) -> Steps:
    """Raises ValueError saying what is wrong with the text."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise ValueError(f'A JSON Pointer begins with "/": not {text[:80]!r}.')
    steps = text[1:].split("/")
    if not all(_STEP.fullmatch(step) for step in steps):
        raise ValueError(
            'In a JSON Pointer "~" is written "~0", and "/" in a key "~1".'
        )
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)


def follow(value: Any, steps: Steps) -> Any:
    """What the steps lead to. Raises LookupError when there is nothing."""
    for step in steps:
        if isinstance(value, dict):
            value = value[step]
        elif isinstance(value, list) and _INDEX.fullmatch(step):
            value = value[int(step)]
        else:
            raise LookupError(step)
    return value
