"""How often somebody may ask. Each web process counts for itself."""

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic

MINUTE = 60.0
MOST_KNOWN = 10_000
"""So many are remembered before those are forgotten who have not asked for long."""


class Rates:
    """A minute's worth at once, and then as fast as it comes back."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._full_at: dict[Hashable, float] = {}

    def take(self, who: Hashable, per_minute: int) -> float:
        """Count one; the seconds to wait when that is one too many, and 0 otherwise."""
        with self._lock:
            now = self._clock()
            if len(self._full_at) > MOST_KNOWN:
                self._forget(now)
            full_at = max(self._full_at.get(who, now), now) + MINUTE / per_minute
            wait = full_at - now - MINUTE
            if wait > 0:
                return wait
            self._full_at[who] = full_at
            return 0.0

    def _forget(self, now: float) -> None:
        """Who could ask a minute's worth again is as good as unknown."""
        self._full_at = {who: at for who, at in self._full_at.items() if at > now}
