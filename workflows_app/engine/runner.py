"""The seam between workflows and what runs them: a runtime registers itself here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from .errors import EngineError
from .snapshot import Snapshot

if TYPE_CHECKING:
    from .approval_queue import Approvals
    from .events import StartEvent
    from .workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """How a run is to begin, beside its input.

    `run_id` is a UUID of the caller's own; with an `idempotency_key` the same start
    gives the same run; nothing is done before `not_before`. Raises ValueError for what
    is no UUID, and for a moment without a time zone.
    """

    run_id: str | UUID | None = None
    idempotency_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    not_before: datetime | None = None

    def __post_init__(self) -> None:
        if isinstance(self.run_id, str):
            UUID(self.run_id)
        if self.not_before is not None and self.not_before.tzinfo is None:
            raise ValueError(f"not_before needs a time zone: {self.not_before}.")


class Runner(Protocol):
    """Starts runs and gives out handlers to them. Handlers are the runtime's own."""

    def start(
        self, workflow: "Workflow", event: "StartEvent", options: StartOptions
    ) -> Any: ...

    async def start_async(
        self, workflow: "Workflow", event: "StartEvent", options: StartOptions
    ) -> Any: ...

    async def resume(
        self, snapshot: Snapshot, *, as_new_run: bool, paused: bool
    ) -> Any: ...

    def handler(self, run_id: str) -> Any: ...

    @property
    def approvals(self) -> "Approvals":
        """Questions without a step, for code that blocks on them."""


_runners: list[Runner] = []
_here: ContextVar[Runner | None] = ContextVar("runner", default=None)


def register(runner: Runner) -> None:
    """Make this the runtime of the process; the latest one counts."""
    _runners.append(runner)


@contextmanager
def using(runner: Runner) -> Iterator[None]:
    """In this block, and in no other thread or task, this is the runtime."""
    token = _here.set(runner)
    try:
        yield
    finally:
        _here.reset(token)


def current() -> Runner:
    here = _here.get()
    if here is not None:
        return here
    if not _runners:
        raise EngineError(
            "No runtime is registered: set up Django with workflows_app installed."
        )
    return _runners[-1]
