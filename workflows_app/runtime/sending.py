"""Events from outside: sent into a run that goes on, from every door the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workflows_app.engine.emission import check_name
from workflows_app.engine.errors import EngineError
from workflows_app.engine.events import Event
from workflows_app.engine.policy import PROGRAM, Responder
from workflows_app.engine.ticks import EventSent

from . import transition
from .transition import Applied, apply


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An event as its sender gives it: its type, its fields, and who that is."""

    event_type: str
    fields: Mapping[str, Any]
    sender: Responder = PROGRAM
    door: str = "python"

    @classmethod
    def of(cls, event: Event, sender: str | None = None) -> "Sending":
        """What a program sends. Raises ValidationError for a name that cannot be."""
        if sender is not None:
            check_name(sender, "sender")
        who = PROGRAM if sender is None else Responder("program", sender)
        return cls(event_type=event.event_type, fields=event.to_dict(), sender=who)

    @property
    def tick(self) -> EventSent:
        return EventSent(self.event_type, self.fields, self.sender, self.door)


def send(run_id: UUID, sending: Sending) -> Applied:
    """Send an event into a run; what it raises is told at `Handler.send_event`."""
    return apply(run_id, sending.tick)


def rehearse(run_id: UUID, sending: Sending) -> EngineError | None:
    """Why the run would not take this event just now; None if it would."""
    return transition.rehearse(run_id, sending.tick)
