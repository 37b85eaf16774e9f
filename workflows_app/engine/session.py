"""`ctx.session`: objects that live in one worker process and are never serialised."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from .errors import SessionValueLost

KEPT = 1_000
"""Runs whose objects a process keeps; those that it used last."""

T = TypeVar("T")
_MISSING = object()
_REMOVED = object()


@dataclass(slots=True)
class _Objects:
    """A run's objects here, since its session was last given up."""

    epoch: int
    values: dict[str, Any] = field(default_factory=dict)


class Sessions:
    """The session objects of a process, by run. Used from many threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._runs: OrderedDict[str, _Objects] = OrderedDict()
        self._lock = Lock()

    def get(self, run_id: str, epoch: int) -> dict[str, Any]:
        """A run's objects; none of an earlier epoch, which the run has given up."""
        with self._lock:
            found = self._runs.get(run_id)
            if found is None or found.epoch < epoch:
                found = self._runs[run_id] = _Objects(epoch)
            self._runs.move_to_end(run_id)
            if len(self._runs) > self._kept:
                self._runs.popitem(last=False)
            return found.values

    def drop(self, run_id: str) -> None:
        """The run is over: nobody will ask for its objects again."""
        with self._lock:
            self._runs.pop(run_id, None)


class Session:
    """What one attempt sees of its run's objects.

    `known` are the keys that the run has set anywhere: one of them that is not here
    was set by another process, or this one has lost it.
    """

    def __init__(self, values: dict[str, Any], known: Collection[str]) -> None:
        self._values = values
        self._known = known
        self._set: dict[str, None] = {}
        self._removed: dict[str, None] = {}

    @property
    def keys_set(self) -> tuple[str, ...]:
        """The keys that this attempt has set, in their order."""
        return tuple(self._set)

    @property
    def keys_removed(self) -> tuple[str, ...]:
        """The keys that this attempt has removed, in their order."""
        return tuple(self._removed)

    def get(self, key: str, default: Any = _MISSING) -> Any:
        """The object; `default`, or None, when there is none.

        Raises SessionValueLost for an object that is not in this process any more,
        unless a default is given.
        """
        value = self._values.get(key, _MISSING)
        if value is _MISSING and key in self._known and default is _MISSING:
            raise SessionValueLost(key)
        if value is _MISSING or value is _REMOVED:
            return None if default is _MISSING else default
        return value

    def set(self, key: str, value: Any) -> None:
        """Keep an object for later steps of this run that meet it in this process."""
        if not isinstance(key, str):
            raise TypeError(f"A session key is text, not {type(key).__name__}.")
        self._values[key] = value
        self._set[key] = None
        self._removed.pop(key, None)

    def get_or_create(self, key: str, factory: Callable[[], T]) -> T:
        """The object, made by the factory when it is not here.

        Of two steps that make it at the same time, both get the first one's.
        """
        if not self.has(key):
            made = factory()
            if not self.has(key):
                self.set(key, made)
        found: T = self._values[key]
        return found

    def has(self, key: str) -> bool:
        """Whether the object is here, in this process."""
        return self._values.get(key, _REMOVED) is not _REMOVED

    def remove(self, key: str) -> None:
        """Forget an object; removing what is not there is no error."""
        self._values[key] = _REMOVED
        self._set.pop(key, None)
        self._removed[key] = None
