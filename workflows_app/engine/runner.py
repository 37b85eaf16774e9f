"""The seam between workflows and what runs them: a runtime registers itself here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .errors import EngineError
from .snapshot import Snapshot

if TYPE_CHECKING:
    from .events import StartEvent
    from .workflow import Workflow


class Runner(Protocol):
    """Starts runs and gives out handlers to them. Handlers are the runtime's own."""

    def start(
        self,
        workflow: "Workflow",
        event: "StartEvent",
        *,
        idempotency_key: str | None,
        tags: Mapping[str, str],
    ) -> Any: ...

    async def start_async(self, workflow: "Workflow", event: "StartEvent") -> Any: ...

    async def resume(self, snapshot: Snapshot, *, paused: bool) -> Any: ...

    def handler(self, run_id: str) -> Any: ...


_runners: list[Runner] = []


def register(runner: Runner) -> None:
    """Make this the runtime of the process; the latest one counts."""
    _runners.append(runner)


def current() -> Runner:
    if not _runners:
        raise EngineError(
            "No runtime is registered: set up Django with workflows_app installed."
        )
    return _runners[-1]
