"""How long an attempt has worked: the time since its start without its waits (R31)."""

from dataclasses import dataclass


@dataclass(slots=True)
class Stopwatch:
    """Pure: every moment comes in, in seconds of one and the same clock."""

    began: float
    waited: float = 0.0
    waiting_since: float | None = None

    @property
    def is_waiting(self) -> bool:
        return self.waiting_since is not None

    def worked(self, now: float) -> float:
        """Seconds of work until now."""
        until = now if self.waiting_since is None else self.waiting_since
        return max(0.0, until - self.began - self.waited)

    def pause(self, now: float) -> None:
        if self.waiting_since is None:
            self.waiting_since = now

    def go_on(self, now: float) -> None:
        if self.waiting_since is not None:
            self.waited += max(0.0, now - self.waiting_since)
            self.waiting_since = None
