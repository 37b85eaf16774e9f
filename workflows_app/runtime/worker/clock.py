"""The limits of one attempt, as its executor and its supervisor watch them. Pure.

Every moment comes in, in seconds of the local monotonic clock. Three limits count: the
step's, for time in which the body works; that of a wait, while it waits for a person;
and the run's, which only the database knows for certain (engine.md, R20, R31, R32).
"""

from dataclasses import dataclass
from typing import Literal

from workflows_app.engine.stopwatch import Stopwatch

AGAIN = 0.25
"""Seconds after which the run is looked at again that should be over, and is not."""

SLACK = 0.01
"""Seconds after a run's limit at which it is told: the database's clock decides."""

Late = Literal["step", "wait", "run"]


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds: of the step, what is left of the run's active time, of its life."""

    step: float | None = None
    active: float | None = None
    life: float | None = None


class AttemptClock:
    """Says when an attempt is late, and by which of its limits."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._watch = Stopwatch(now)
        self._step = limits.step
        self._active = limits.active  # in seconds worked
        self._life = None if limits.life is None else now + limits.life
        self._wait: float | None = None
        self._since = now
        self._stalled = False

    @property
    def is_waiting(self) -> bool:
        """For a person."""
        return self._watch.is_waiting and not self._stalled

    def wait(self, now: float, limit: float | None) -> None:
        """The body waits for a person; another wait takes the place of the first."""
        self._stalled = False  # it does something
        self._watch.pause(now)
        self._since, self._wait = now, limit

    def go_on(self, now: float) -> None:
        self._stalled = False
        self._watch.go_on(now)
        self._wait = None

    def stall(self, now: float) -> bool:
        """Another body keeps this one from working; for a wait that changes nothing."""
        if self._watch.is_waiting:
            return False
        self._stalled = True
        self._watch.pause(now)
        return True

    def unstall(self, now: float) -> bool:
        if not self._stalled:
            return False
        self.go_on(now)
        return True

    def elapsed(self, now: float) -> float:
        """Seconds of work; while it waits, of the wait."""
        return now - self._since if self.is_waiting else self._watch.worked(now)

    def limit(self) -> float:
        """The limit that `late` speaks of: that of the wait, or of the step."""
        limit = self._wait if self.is_waiting else self._step
        assert limit is not None
        return limit

    def late(self, now: float) -> Late | None:
        """The limit that was first to pass, if one has passed."""
        passed = [
            (moment, what) for moment, what in self._moments(now) if moment <= now
        ]
        return min(passed)[1] if passed else None

    def left(self, now: float) -> float | None:
        """Seconds until a limit passes; None when none will."""
        moments = [moment for moment, _ in self._moments(now)]
        return max(0.0, min(moments) - now) if moments else None

    def look_again(self, now: float, active: float | None) -> None:
        """The run is not over, though it should be: somebody else may have waited.

        `active` is what is left of its active time, where that is known.
        """
        self.learn_active(now, active if active is not None and active > 0 else AGAIN)
        if self._life is not None:
            self._life = max(self._life, now + AGAIN)

    def learn_active(self, now: float, left: float) -> None:
        """So much is left of the run's active time, if it has a limit."""
        if self._active is not None:
            self._active = self._watch.worked(now) + left

    def _moments(self, now: float) -> list[tuple[float, Late]]:
        found: list[tuple[float, Late]] = []
        if self._life is not None:
            found.append((self._life + SLACK, "run"))
        if self.is_waiting:
            if self._wait is not None:
                found.append((self._since + self._wait, "wait"))
            return found
        if self._stalled:
            return found
        worked = self._watch.worked(now)
        if self._step is not None:
            found.append((now + self._step - worked, "step"))
        if self._active is not None:
            found.append((now + self._active - worked + SLACK, "run"))
        return found
