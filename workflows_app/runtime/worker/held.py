"""An attempt that an executor is running, as the worker's supervisor sees it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workflows_app.engine.state import State

from .clock import AttemptClock, Limits

Key = tuple[str, int, int]


@dataclass(slots=True)
class Held:
    """`budget` is all the active time that its run may have.

    `is_done`: the body has ended, what it did is being committed, no limit counts any
    more. `cut_at`: when the attempt was given up, 0 while it counts.
    """

    run_id: UUID
    call: int
    attempt: int
    clock: AttemptClock
    began: float
    budget: float | None = None
    is_done: bool = False
    is_being_cut: bool = False
    cut_at: float = 0.0

    @classmethod
    def begin(cls, said: dict[str, Any], now: float) -> "Held":
        limits = Limits(said["limit"], said["active"], said["life"])
        return cls(
            UUID(said["run"]),
            said["call"],
            said["attempt"],
            AttemptClock(limits, now),
            began=now,
            budget=said["budget"],
        )

    @property
    def name(self) -> dict[str, Any]:
        return {"run": str(self.run_id), "call": self.call, "attempt": self.attempt}

    def is_late(self, now: float) -> bool:
        if self.is_done or self.is_being_cut or self.cut_at:
            return False
        return self.clock.late(now) is not None

    def active_left(self, state: State, at: float) -> float | None:
        return None if self.budget is None else self.budget - state.active_at(at)

    def hear(self, said: dict[str, Any], now: float) -> None:
        """News from the executor about this attempt."""
        match said["kind"]:
            case "wait":
                self.clock.wait(now, said["limit"])
            case "go":
                self.clock.go_on(now)
            case "stall":
                self.clock.stall(now)
            case "unstall":
                self.clock.unstall(now)
            case "done":
                self.is_done = True
            case "cut":
                self.cut_at = self.cut_at or now
            case _:
                raise ValueError(f"An executor said {said['kind']!r}.")
