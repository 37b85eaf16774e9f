"""The lines of a run's log as the events that its watchers see (R46 to R48)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from workflows_app.engine import registry
from workflows_app.engine.events import (
    Event,
    InputRequestEvent,
    LifecycleEvent,
    Origin,
    ProgressEvent,
    find_type,
)
from workflows_app.models import Run
from workflows_app.stream.log import Line

from .definitions import get_definition

HIDEABLE = frozenset({"event_routed", "step_started", "step_completed"})
"""Kinds that `auto_publish_events=False` leaves out, with the steps' progress."""

WITH_ERROR = frozenset(
    {"step_failed", "step_timed_out", "run_failed", "run_aborted", "run_timed_out"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events somebody wants.

    Those above a line; the engine's own, or not; those of some types (None: of all).
    """

    after: int = 0
    lifecycle: bool = True
    types: frozenset[str] | None = None

    @staticmethod
    def names(types: Collection[type[Event] | str] | None) -> frozenset[str] | None:
        """Raises TypeError for what is no event class and no name of one."""
        if types is None:
            return None
        return frozenset(find_type(each).event_type for each in types)


@dataclass(frozen=True, slots=True)
class EventReader:
    """Makes the events of one run's lines, as its workflow publishes them."""

    run_id: str
    kinds: Mapping[str, type[Event]] = field(default_factory=dict)
    publishes_all: bool = True

    @classmethod
    def of(cls, run: Run) -> "EventReader":
        return cls.of_run(run.pk, run.workflow, run.definition_id)

    @classmethod
    def of_run(cls, run_id: UUID, workflow: str, digest: str) -> "EventReader":
        known = registry.find_workflow(workflow)
        return cls(
            str(run_id),
            known.event_types if known else {},
            get_definition(digest).auto_publish_events,
        )

    def events(self, line: Line, wanted: Wanted) -> list[Event]:
        """What a line is to somebody who wants certain events: often one, often none."""
        origin = self._origin(line)
        return [
            event.with_origin(origin)
            for event in self._events(line)
            if _is_wanted(event, line, wanted)
        ]

    def _events(self, line: Line) -> Iterator[Event]:
        if line.kind == "progress":
            yield self._written(line.content)
        elif line.kind == "input_requested":
            yield _asked(line.content)
        elif self.publishes_all or line.kind not in HIDEABLE:
            yield _lifecycle(self.run_id, line)
            if line.kind == "step_completed" and "completed" in line.content:
                yield ProgressEvent(current=line.content["completed"], label=line.step)

    def _written(self, content: dict[str, Any]) -> Event:
        """The author's class, unless it takes other fields by now."""
        name, fields = content["event_type"], content["event"]
        kind = self.kinds.get(name)
        try:
            return kind(**fields) if kind else Event(name, **fields)
        except (TypeError, ValueError):
            return Event(name, **fields)

    def _origin(self, line: Line) -> Origin:
        return Origin(
            id=f"{self.run_id}/line/{line.number}",
            run_id=self.run_id,
            seq=line.number,
            source_step=line.step or None,
            created_at=line.at,
            kind=line.kind,
        )


def _asked(content: dict[str, Any]) -> InputRequestEvent:
    return InputRequestEvent.from_shown(content["request_id"], content["request"])


def _lifecycle(run_id: str, line: Line) -> LifecycleEvent:
    body = line.content
    return LifecycleEvent(
        kind=line.kind,
        step_name=line.step,
        call_id=None if line.call is None else f"{run_id}/{line.call}",
        attempt=line.attempt,
        routed_type=body.get("event_type", ""),
        duration_ms=body.get("duration_ms"),
        error=body if line.kind in WITH_ERROR else None,
        body=body,
        actor=line.actor,
        door=line.door,
    )


def _is_wanted(event: Event, line: Line, wanted: Wanted) -> bool:
    told_by_engine = line.kind not in {"progress", "input_requested"}
    if told_by_engine and not wanted.lifecycle:
        return False
    if wanted.types is None:
        return True
    return not wanted.types.isdisjoint((event.event_type, *type(event).lineage()))
