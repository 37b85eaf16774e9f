"""A part of what a request shows: where it lies, and what the page has room for."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

ROOM = 150_000
"""Bytes of text from outside, and of the marks around it, that one page holds."""

MOST_PARSED = 40_000
"""Characters of Markdown that are parsed for one page: the worst take a second."""

MARKS = 90
"""What the marks around one small value take."""

LONGEST_PATH = 500
"""A longer path is not written into an address: what lies around the part is linked."""

PLAIN = re.compile(r"(/[A-Za-z0-9]{1,40}){0,8}")

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Room:
    """What is left of a page; parts that find none are linked instead of drawn."""

    left: int = ROOM
    parsed: int = MOST_PARSED

    def take(self, size: int) -> bool:
        """Whether there is room; then it is taken."""
        if size > self.left:
            return False
        self.left -= size
        return True


@dataclass(frozen=True, slots=True)
class Part:
    """A place in what is shown. Without an address everything is drawn, however long."""

    address: str = ""
    path: Path = ()
    room: Room = field(default_factory=Room)

    def inner(self, *steps: str | int) -> "Part":
        return replace(self, path=(*self.path, *steps))

    def fits(self, size: int) -> bool:
        return not self.address or self.room.take(size + MARKS)

    def may_parse(self, size: int) -> bool:
        """Whether the page has time for so much Markdown; then it is spent."""
        if self.address:
            self.room.parsed -= size
        return self.room.parsed >= 0

    @property
    def whole(self) -> str:
        """The address at which this part can be read in full; empty without one."""
        path = self.path
        while len(to_pointer(path)) > LONGEST_PATH:
            path = path[:-1]
        return (
            f"{self.address}?{urlencode({'at': to_pointer(path)})}"
            if self.address
            else ""
        )

    @property
    def id(self) -> str:
        """The end of the ids of what can be clicked here: "-display-0-value"."""
        pointer = to_pointer(self.path)
        if PLAIN.fullmatch(pointer):
            return pointer.replace("/", "-")
        return f"-{hashlib.sha256(pointer.encode('utf-8', 'replace')).hexdigest()[:12]}"


WHOLE_PAGE = Part()
"""A part that is drawn in full: there is no address at which the rest could be read."""


def to_pointer(path: Path) -> str:
    """Write a path as a JSON pointer."""
    spelled = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in spelled)


def find_at(whole: Any, pointer: str) -> Any:
    """Find what a JSON pointer points at; LookupError if nothing."""
    if pointer and not pointer.startswith("/"):
        raise LookupError(pointer)
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        whole = _child(whole, key)
    return whole


def _child(whole: Any, key: str) -> Any:
    if isinstance(whole, Mapping):
        return whole[key]
    is_list = isinstance(whole, Sequence) and not isinstance(whole, str | bytes)
    if is_list and re.fullmatch(r"[0-9]{1,9}", key):
        return whole[int(key)]
    raise LookupError(key)
