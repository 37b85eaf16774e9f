"""Open requests as programs see them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workflows_app.models import InputRequest


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A question that waits for an answer, with all that people see of it."""

    request_id: str
    run_id: str
    step: str
    subject: str
    prompt: str
    metadata: dict[str, Any]
    display: list[Any]
    schema: dict[str, Any] | None
    outcomes: list[dict[str, Any]]
    proposed: Any
    policy: dict[str, Any]
    priority: int
    tags: dict[str, str]
    previous: str | None
    opened_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, row: InputRequest) -> "PendingRequest":
        shown = row.content
        return cls(
            request_id=row.request_id,
            run_id=str(row.run_id),
            step=row.step,
            subject=shown["subject"],
            prompt=shown["prompt"],
            metadata=shown["metadata"],
            display=shown["display"],
            schema=shown["schema"],
            outcomes=shown["outcomes"],
            proposed=shown["proposed"],
            policy=json.loads(row.policy),
            priority=row.priority,
            tags=row.tags,
            previous=row.previous or None,
            opened_at=row.opened_at,
            expires_at=row.expires_at,
        )


def read_pending(runs: Sequence[UUID]) -> list[PendingRequest]:
    """The open requests of these runs, in the order in which they were asked."""
    rows = InputRequest.objects.filter(run_id__in=runs, status="open")
    return [PendingRequest.of(row) for row in rows.order_by("opened_at", "id")]
