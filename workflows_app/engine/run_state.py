"""`ctx.state`: what the run has stored, as one attempt sees it, and what it writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from . import values
from .ticks import StateChange

_MISSING = object()

Change = Callable[[Any], Any]
"""Gives the new value of a key for the present one."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A key of the run's state as it was committed: its exact text and version."""

    text: str
    version: int


@dataclass(frozen=True, slots=True)
class _Write:
    """One staged change; a `mutate` knows how to be made again on another value."""

    change: StateChange
    fn: Change | None = None
    default: Any = None


class RunStateView:
    """The committed state as of the attempt's start, and the attempt's own writes.

    Writes are kept and committed together with the step's completion, or not at all.
    A key that was read and is then set or deleted must not have changed meanwhile;
    `increment`, `append` and `mutate` never conflict (engine.md, R51).
    """

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self._stored = dict(stored)
        self._writes: list[_Write] = []
        self._texts: dict[str, str | None] = {}
        self._own: set[str] = set()  # set or deleted here: the committed value is moot
        self._read: dict[str, int] = {}
        self._listed = False

    @property
    def changes(self) -> tuple[StateChange, ...]:
        """What this attempt wants to write, in its order."""
        return tuple(write.change for write in self._writes)

    def get(self, key: str, default: Any = None) -> Any:
        value = self._find(key)
        return default if value is _MISSING else value

    def __getitem__(self, key: str) -> Any:
        value = self._find(key)
        if value is _MISSING:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self.delete(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._find(key) is not _MISSING

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        """The keys that there are, sorted. It reads every key, as far as conflicts go."""
        self._listed = True
        known = {*self._stored, *(write.change.key for write in self._writes)}
        return sorted(key for key in known if self._text(key) is not None)

    def set(self, key: str, value: Any) -> None:
        """None is a value like others. Reading back gives what will be stored."""
        self._stage(_change(key, "set", value, self._version_read(key)))

    def update(self, **items: Any) -> None:
        for key, value in items.items():
            self.set(key, value)

    def delete(self, key: str) -> None:
        """Deleting what is not there is no error."""
        self._stage(_change(key, "delete", None, self._version_read(key)))

    def increment(self, key: str, by: float = 1) -> None:
        """Add at commit, under the run's lock: parallel increments all count."""
        if not isinstance(by, int | float | Decimal):
            raise TypeError(f"Increment by a number, not by {by!r:.80}.")
        self._stage(_change(key, "increment", by))

    def append(self, key: str, *items: Any) -> None:
        """Append at commit, under the run's lock: parallel appends all count."""
        self._stage(_change(key, "append", list(items)))

    def mutate(self, key: str, fn: Change, default: Any = None) -> Any:
        """Change a key by a function of its value; the new value.

        When another step changed the key meanwhile, only `fn` runs again, on the value
        that is there by then: it should do nothing but compute.
        """
        text = self._text(key)
        new = _change(key, "mutate", fn(_value(text, default)))
        if key in self._own:
            # On what this attempt has set itself, nobody else's write matters.
            self._stage(replace(new, kind="set", read=self._version_read(key)))
        else:
            read = self._read.setdefault(key, self._version(key))
            self._stage(replace(new, read=read), fn, default)
        return self._load(key)

    def redo(self, fresh: Mapping[str, Stored]) -> tuple[StateChange, ...]:
        """Make the mutations of these keys anew, on the values that they have by now.

        A key that is gone has version 0 there.
        """
        for key, stored in fresh.items():
            self._stored[key] = stored
            self._read[key] = stored.version
        self._texts, self._own = {}, set()
        writes, self._writes = self._writes, []
        for write in writes:
            if write.fn is None or write.change.key not in fresh:
                self._stage(write.change, write.fn, write.default)
            else:
                self.mutate(write.change.key, write.fn, write.default)
        return self.changes

    def _stage(
        self, change: StateChange, fn: Change | None = None, default: Any = None
    ) -> None:
        text = changed(self._text(change.key), change)
        self._texts[change.key] = text
        if change.kind in {"set", "delete"}:
            self._own.add(change.key)
        self._writes.append(_Write(change, fn, default))

    def _find(self, key: str) -> Any:
        if key not in self._own:
            self._read.setdefault(key, self._version(key))
        return self._load(key)

    def _load(self, key: str) -> Any:
        text = self._text(key)
        return _MISSING if text is None else values.load(text)

    def _text(self, key: str) -> str | None:
        """The present text of a key, own writes included; None when it is not there."""
        if key in self._texts:
            return self._texts[key]
        stored = self._stored.get(key)
        return stored.text if stored is not None and stored.version else None

    def _version(self, key: str) -> int:
        stored = self._stored.get(key)
        return stored.version if stored is not None else 0

    def _version_read(self, key: str) -> int | None:
        """The version on which the attempt may have built what it writes now."""
        return self._version(key) if self._listed else self._read.get(key)


def _change(key: str, kind: str, value: Any, read: int | None = None) -> StateChange:
    if not isinstance(key, str):
        raise TypeError(f"A state key is text, not {type(key).__name__}.")
    return StateChange(key, kind, values.dump(value, f"$.{key}"), read)


def _value(text: str | None, default: Any) -> Any:
    return default if text is None else values.load(text)


def changed(text: str | None, change: StateChange) -> str | None:
    """A key's text after a change; None: the key is not there.

    Raises TypeError for an increment of what is no number, or an append to no list.
    """
    if change.kind == "delete":
        return None
    if change.kind in {"set", "mutate"}:
        return change.text
    value, by = _value(text, None), values.load(change.text)
    if change.kind == "increment":
        return values.dump(_sum(change.key, value, by))
    if value is not None and not isinstance(value, list):
        raise TypeError(
            f"State key {change.key!r} is no list to append to: {value!r:.80}."
        )
    return values.dump([*(value or []), *by])


def _sum(key: str, value: Any, by: Any) -> Any:
    try:
        return by if value is None else value + by
    except TypeError:
        raise TypeError(
            f"State key {key!r} is no number to add to: {value!r:.80}."
        ) from None
