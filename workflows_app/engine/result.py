"""What a run was for."""

from dataclasses import dataclass
from typing import Any

from .events import StopEvent


@dataclass(frozen=True, slots=True)
class WorkflowResult:
    """The result of a completed run: what its StopEvent carried."""

    run_id: str
    result: Any

    @property
    def event(self) -> StopEvent:
        return StopEvent(result=self.result)
