"""Crashes between any two ticks: what a story must survive."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class CrashPlan:
    """Counts the moments of a story, and says at which one everything is killed."""

    at: int | None = None
    moments: int = 0
    died: str = ""

    def is_now(self, when: str, tick: object) -> bool:
        """Whether all processes die now: right before or right after a commit."""
        self.moments += 1
        if self.moments == self.at:
            self.died = f"{when} {type(tick).__name__}"
        return self.moments == self.at


plan: ContextVar[CrashPlan | None] = ContextVar("plan", default=None)


def survive_crashes(story: Callable[[], object]) -> int:
    """Tell a story once undisturbed, and then once for each moment of it with a crash.

    The story plays workflows and asserts how they end. The moments are those after each
    tick, and those before a tick that a step's body sends: then what the body has done
    outside stays done, and the run knows nothing of it. A crash never loses what was
    committed. Returns how many crashes there were. Raises AssertionError naming the
    moment after which the story came out differently.
    """
    with _following(CrashPlan()) as whole:
        story()
    for number in range(1, whole.moments + 1):
        with _following(CrashPlan(at=number)) as crash:
            try:
                story()
            except Exception as error:
                raise AssertionError(
                    f"After a crash {crash.died} (moment {number} of {whole.moments}) "
                    f"the story came out differently: {error}"
                ) from error
    return whole.moments


@contextmanager
def _following(crash: CrashPlan) -> Iterator[CrashPlan]:
    token = plan.set(crash)
    try:
        yield crash
    finally:
        plan.reset(token)
