"""A run as it is locked: what a transition knows of it, and writes."""

from dataclasses import dataclass, field
from uuid import UUID

from workflows_app.engine.definition import Definition
from workflows_app.engine.state import State


@dataclass(slots=True)
class RunRow:
    """A locked run's row, and the database's time.

    `told` are the runs it has told something, `touched` the requests that look different
    now to whoever has them before him. `ids` are the ids of those it opened or changed, by
    their names; `is_heard` if somebody outside wants to hear of requests.
    """

    id: UUID
    root_id: UUID
    parent_id: UUID | None
    definition: Definition
    workflow: str
    tags: dict[str, str]
    priority: int
    state: State
    revision: int
    number: int
    now: float
    told: list[UUID] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)
    ids: dict[str, UUID] = field(default_factory=dict)
    is_heard: bool = False
