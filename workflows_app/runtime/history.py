"""What happened in a run, in the words of its history (R49): the log under other names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows_app.stream.log import Line

_NAMES = {
    "event_routed": "EventReceived",
    "progress": "EventStreamed",
    "step_started": "StepDispatched",
}


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One line of a run's history, from `WorkflowStarted` to its end."""

    number: int
    at: datetime
    kind: str
    step: str
    call: int | None
    attempt: int | None
    actor: str
    door: str
    body: dict[str, Any]

    @classmethod
    def of(cls, line: Line) -> "HistoryEvent":
        return cls(
            number=line.number,
            at=line.at,
            kind=name_of(line.kind),
            step=line.step,
            call=line.call,
            attempt=line.attempt,
            actor=line.actor,
            door=line.door,
            body=line.content,
        )


def name_of(kind: str) -> str:
    """A kind of the log as history calls it: `run_failed` is `WorkflowFailed`."""
    if kind in _NAMES:
        return _NAMES[kind]
    words = kind.split("_")
    return "".join("Workflow" if word == "run" else word.title() for word in words)
