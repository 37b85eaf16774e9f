"""Steps' bodies in this process: async ones on a loop of their own, others in threads.

Somebody else's code never runs on the loop that serves the queue.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from workflows_app.engine import registry
from workflows_app.engine.body import Body, Ended
from workflows_app.engine.commands import StartAttempt
from workflows_app.engine.context import Attempt, Link
from workflows_app.engine.run_state import Stored
from workflows_app.engine.session import Sessions
from workflows_app.engine.ticks import StepCompleted, Tick
from workflows_app.engine.workflow import Workflow
from workflows_app.runtime.transition import Applied

from .body_loop import BodyLoop, LoopBody
from .clock import Limits
from .local_body import ThreadBody

THREADS = 32

BREATH = 0.05
"""Seconds after which a loop on which an async body has not begun counts as blocked."""


@dataclass(frozen=True, slots=True)
class Granted:
    """An attempt that this process may run, with the state as it was committed.

    `budget` is all the active time that the run may ever have.
    """

    run_id: UUID
    workflow: str
    start: StartAttempt
    stored: dict[str, Stored]
    at: float
    budget: float | None

    @classmethod
    def find(cls, applied: Applied) -> "Granted | None":
        """The attempt that a transition granted, if it granted one."""
        start = applied.granted
        if start is None:
            return None
        used = applied.state.active_at(applied.at)
        budget = None if start.run_limit is None else start.run_limit + used
        return cls(
            applied.run_id, applied.workflow, start, applied.stored, applied.at, budget
        )

    @property
    def attempt(self) -> Attempt:
        return Attempt(
            run_id=str(self.run_id),
            workflow_name=self.workflow,
            start=self.start,
            stored=self.stored,
            at=self.at,
        )

    @property
    def limits(self) -> Limits:
        start = self.start
        life = None if start.deadline is None else start.deadline - self.at
        return Limits(step=start.limit, active=start.run_limit, life=life)

    @property
    def is_isolated(self) -> bool:
        workflow = self.find_workflow()
        if workflow is None:
            return False
        step = workflow.definition.find_step(self.start.call.step)
        return step is not None and step.isolation == "process"

    def active_left(self, applied: Applied) -> float | None:
        """What is left of the run's active time, seen from a later moment."""
        if self.budget is None:
            return None
        return self.budget - applied.state.active_at(applied.at)

    def find_workflow(self) -> Workflow | None:
        return registry.find_workflow(self.workflow)


class BodyLost(Exception):  # noqa: N818 - told to the run as a loss, not as an error
    """The process of a body ended before the body did."""


class RunningBody(Protocol):
    """A body under way, wherever it runs."""

    outcome: "Future[Ended]"

    @property
    def has_begun(self) -> bool: ...

    @property
    def is_stalled(self) -> bool:
        """Whether another body keeps it from doing anything."""

    def cancel(self) -> None:
        """Ask it to stop. `outcome` tells when it has."""

    def redo(
        self, done: StepCompleted, fresh: Mapping[str, Stored]
    ) -> "Future[Ended]": ...

    def close(self) -> None:
        """Nothing more is wanted of it."""


class Host(Protocol):
    """What an attempt needs of its executor."""

    def start(
        self, granted: Granted, link: Link, begun: Callable[[], None]
    ) -> RunningBody: ...

    def rescue(self, running: RunningBody) -> None: ...

    async def apply(
        self, granted: Granted, tick: Tick, *, claims: bool = False
    ) -> Applied: ...

    def report(self, kind: str, granted: Granted, **more: object) -> None: ...


class Bodies:
    """Starts bodies, and keeps what they share: threads, loops, session objects."""

    def __init__(self) -> None:
        self.sessions = Sessions()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="step")
        self._loops: list[BodyLoop] = []

    def start(self, granted: Granted, link: Link) -> ThreadBody | LoopBody:
        body = Body(granted.find_workflow(), granted.attempt, link, self.sessions)
        if not body.is_async:
            return ThreadBody(body, self._threads)
        running = LoopBody(body, self._threads)
        running.offer(self._free_loop())
        return running

    def rescue(self, running: RunningBody) -> None:
        """Move a body that has not begun to another loop: something blocks its own."""
        if isinstance(running, LoopBody) and running.withdraw():
            running.offer(self._free_loop())

    def look(self) -> None:
        """Notice loops that are blocked. To be called a few times a second."""
        for loop in self._loops:
            loop.look()

    def _free_loop(self) -> BodyLoop:
        """The first loop that turns, as far as is known: session objects live on it."""
        free = next((loop for loop in self._loops if not loop.is_blocked), None)
        if free is None:
            free = BodyLoop()
            self._loops.append(free)
        return free
