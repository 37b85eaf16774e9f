"""Runs, their lines and their snapshots, as programs get them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from workflows_app.models import Run, Snapshot

from .json_reply import stored


class RunSummary(BaseModel):
    """A run in a list."""

    id: UUID
    workflow: str
    status: str = Field(
        description="running, waiting, completed, failed, aborted or timed_out"
    )
    paused: bool
    tags: dict[str, str]
    groups: list[str]
    priority: int
    started_by: str | None
    root_id: UUID
    parent_id: UUID | None
    forked_from: UUID | None
    created_at: datetime
    changed_at: datetime
    finished_at: datetime | None
    last_number: int = Field(description="The number of the last line of its log.")

    @staticmethod
    def fields_of(run: Run) -> dict[str, Any]:
        names = RunSummary.model_fields.keys() - {"started_by"}
        starter = run.started_by.get_username() if run.started_by else None
        return {**{name: getattr(run, name) for name in names}, "started_by": starter}

    @classmethod
    def of(cls, run: Run) -> "RunSummary":
        return cls(**cls.fields_of(run))


class RunReply(RunSummary):
    """A run, with what it was given and what it came to."""

    version: str = Field(
        description="The version of the workflow that it is pinned to."
    )
    input: Any = Field(description="Exact values: see docs/api.md.")
    result: Any
    error: Any
    timeout_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> "RunReply":
        return cls(
            **RunSummary.fields_of(run),
            version=run.definition.version,
            input=stored(run.input),
            result=stored(run.result),
            error=stored(run.error),
            timeout_at=run.timeout_at,
        )

    @classmethod
    def of_id(cls, run_id: UUID) -> "RunReply":
        """The run as this transaction has left it."""
        found = Run.objects.select_related("definition", "started_by")
        return cls.of(found.get(pk=run_id))


class RunPage(BaseModel):
    """Some runs, the newest first."""

    items: list[RunSummary]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class Actor(BaseModel):
    """Who did it: engine, worker, person, program, deadline, ..."""

    kind: str
    name: str


class EventReply(BaseModel):
    """A line of a run's log."""

    number: int
    at: datetime
    kind: str
    step: str | None
    call: int | None
    attempt: int | None
    actor: Actor
    door: str | None
    body: Any


class EventPage(BaseModel):
    """Lines of a run's log, in order."""

    items: list[EventReply]
    next: int = Field(description="Give this as `after` to get what follows.")
    is_over: bool = Field(description="The run has ended, and nothing follows.")


class SnapshotSummary(BaseModel):
    """A snapshot that is kept."""

    id: UUID
    run_id: UUID
    cause: str
    number: int = Field(description="The last line of the log that it knows.")
    revision: int
    taken_at: datetime

    @classmethod
    def of(cls, row: Snapshot) -> "SnapshotSummary":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class SnapshotPage(BaseModel):
    """Some snapshots of a run, the newest first."""

    items: list[SnapshotSummary]
    next: str | None
