"""What a step gets beside its event: who it is, the run's state, ways to speak."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from . import values
from .emission import as_emitted, as_record
from .events import Event
from .state import EventRecord
from .ticks import Emitted, StateChange

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Stored:
    """A key of the run's state as it was committed: its exact text and version."""

    text: str
    version: int


class RunStateView:
    """`ctx.state`: the committed state as of the attempt's start, and own writes.

    Writes are kept and committed together with the step's completion, or not at all.
    """

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self._stored = stored
        self._own: dict[str, Any] = {}
        self._deleted: set[str] = set()
        self._read: dict[str, int] = {}
        self.changes: list[StateChange] = []

    def get(self, key: str, default: Any = None) -> Any:
        value = self._find(key)
        return default if value is _MISSING else value

    def __getitem__(self, key: str) -> Any:
        value = self._find(key)
        if value is _MISSING:
            raise KeyError(key)
        return value

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not _MISSING

    def keys(self) -> list[str]:
        known = {*self._stored, *self._own} - self._deleted
        return sorted(known)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def set(self, key: str, value: Any) -> None:
        self._write("set", key, value)
        self._own[key] = values.load(self.changes[-1].text)
        self._deleted.discard(key)

    def update(self, **items: Any) -> None:
        for key, value in items.items():
            self.set(key, value)

    def delete(self, key: str) -> None:
        self._write("delete", key, None)
        self._own.pop(key, None)
        self._deleted.add(key)

    def increment(self, key: str, by: int = 1) -> None:
        """Add at commit, under the run's lock: parallel increments all count."""
        self._write("increment", key, by)

    def append(self, key: str, *items: Any) -> None:
        """Append at commit, under the run's lock: parallel appends all count."""
        self._write("append", key, list(items))

    def _write(self, kind: str, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"A state key is text, not {type(key).__name__}.")
        text = values.dump(value, f"$.{key}")
        self.changes.append(StateChange(key, kind, text, self._read.get(key)))

    def _find(self, key: str) -> Any:
        if key in self._deleted:
            return _MISSING
        if key in self._own:
            return self._own[key]
        stored = self._stored.get(key)
        self._read.setdefault(key, stored.version if stored else 0)
        return values.load(stored.text) if stored else _MISSING


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which call of which run is running, for the how manieth time, and for how long."""

    run_id: str
    workflow_name: str
    step_name: str
    call_id: str
    attempt: int
    limit: float | None = None


class Context:
    """Given to a step as its first argument."""

    def __init__(
        self,
        attempt: Attempt,
        stored: Mapping[str, Stored],
        write: Callable[[EventRecord], None],
    ) -> None:
        self._attempt = attempt
        self._began = monotonic()
        self._write = write
        self._cancelled = False
        self.state = RunStateView(stored)
        self.sent: list[Emitted] = []

    @property
    def run_id(self) -> str:
        return self._attempt.run_id

    @property
    def workflow_name(self) -> str:
        return self._attempt.workflow_name

    @property
    def step_name(self) -> str:
        return self._attempt.step_name

    @property
    def call_id(self) -> str:
        return self._attempt.call_id

    @property
    def attempt(self) -> int:
        return self._attempt.attempt

    @property
    def idempotency_key(self) -> str:
        """The same for all attempts of this call: give it to whom you send effects."""
        return self._attempt.call_id

    def get(self, key: str, default: Any = None) -> Any:
        return self.state.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.state.set(key, value)

    def send_event(self, event: Event) -> None:
        """Send an event when this step completes, before what it returns."""
        self.sent += as_emitted(event, self.step_name)

    def write_event_to_stream(self, event: Event) -> None:
        """Tell the run's watchers at once, whether this attempt succeeds or not."""
        self._write(as_record(event))

    def time_left(self) -> float | None:
        """Seconds until this attempt is cut; None when there is no limit."""
        if self._attempt.limit is None:
            return None
        return max(0.0, self._attempt.limit - (monotonic() - self._began))

    def cancelled(self) -> bool:
        """Whether this attempt has been given up: then nothing of it will count."""
        return self._cancelled

    def cancel(self) -> None:
        self._cancelled = True
