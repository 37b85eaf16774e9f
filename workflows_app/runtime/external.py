"""Requests without a run: questions of workflows that live elsewhere.

Each is a run of the built-in workflow `external`, so it has locks, a log, pages and an
audit like any other. Its result is the decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from workflows_app.engine.state import EventRecord, Request
from workflows_app.engine.ticks import Asked
from workflows_app.models import Run

from .definitions import EXTERNAL
from .outcomes import result_of
from .starting import Start, begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and who may see the question beside those who may answer it."""

    user: User | None = None
    source_id: int | None = None
    token_id: int | None = None
    groups: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def ask(
    request: Request, *, key: str | None = None, asker: Asker | None = None
) -> UUID:
    """Put a question before people; the run that waits for its decision.

    May be called inside somebody else's transaction. The same key gives the question
    that was asked; with another content it is a ValidationError.
    """
    asker = asker or Asker()
    wanted = Start(
        event=EventRecord(EXTERNAL.start_type, EXTERNAL.start_bases, request.shown),
        started_by=asker.user,
        source_id=asker.source_id,
        token_id=asker.token_id,
        groups=asker.groups,
        tags=asker.tags,
        idempotency_key=key,
        priority=request.priority,
    )
    asked = replace(request, purpose="event")
    return begin(EXTERNAL, wanted, Asked(asked, wanted.starter))


def find_decision(run: Run) -> dict[str, Any] | None:
    """What was decided, by whom and through which door; None while nothing is.

    Raises the run's error when the question expired or was withdrawn.
    """
    if not run.is_finished:
        return None
    decision: dict[str, Any] = result_of(run)
    return decision
