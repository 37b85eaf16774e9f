"""Snapshots of runs, taken out of the tables in one piece."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from workflows_app.engine import values
from workflows_app.engine.errors import RunNotFoundError
from workflows_app.engine.snapshot import Snapshot
from workflows_app.models import InputRequest, InputResponse, Run, RunEvent, RunState
from workflows_app.models import Snapshot as Row
from workflows_app.stream.log import COLUMNS

REQUEST_FIELDS = (
    "id",
    "request_id",
    "workflow",
    "step",
    "subject",
    "shown",
    "digest",
    "policy",
    "assignees",
    "groups",
    "priority",
    "tags",
    "previous",
    "opened_at",
    "expires_at",
    "closed_at",
    "status",
)
RESPONSE_FIELDS = (
    "id",
    "responder_kind",
    "responder",
    "door",
    "outcome",
    "answer",
    "reason",
    "idempotency_key",
    "at",
)


def take(run_id: UUID) -> Snapshot:
    """The run as it is now; its lock keeps the parts together."""
    with transaction.atomic():
        runs = Run.objects.select_for_update(of=("self",), no_key=True)
        run = runs.select_related("definition", "started_by").filter(pk=run_id).first()
        if run is None:
            raise RunNotFoundError(f"There is no run {run_id}.")
        kept = RunState.objects.filter(run=run).values_list("key", "text", "version")
        now = Row(
            revision=run.revision,
            number=run.last_number,
            cause="asked",
            taken_at=run.changed_at,
            state=run.state,
        )
        return _assemble(run, now, {k: {"text": t, "version": v} for k, t, v in kept})


def read(row: Row) -> Snapshot:
    """A snapshot that was kept, as it was then."""
    runs = Run.objects.select_related("definition", "started_by")
    return _assemble(runs.get(pk=row.run_id), row, values.load(row.values))


def _assemble(run: Run, row: Row, kept: dict[str, Any]) -> Snapshot:
    """Add to the row what never changes: definition, input, log, closed requests."""
    over = row.cause == run.status or (row.cause == "asked" and run.is_finished)
    return Snapshot(
        run_id=str(run.pk),
        workflow_name=run.workflow,
        definition=run.definition.body,
        revision=row.revision,
        number=row.number,
        cause=row.cause,
        taken_at=row.taken_at.timestamp(),
        input=run.input,
        state=row.state,
        values=kept,
        requests=_requests(run, row.taken_at),
        events=_events(run, row.number),
        result=run.result if over else None,
        error=run.error if over else None,
        run={
            "groups": run.groups,
            "tags": run.tags,
            "started_by": run.started_by.get_username() if run.started_by else None,
            "created_at": run.created_at.isoformat(),
        },
    )


def _requests(run: Run, then: datetime) -> list[dict[str, Any]]:
    """The requests as they stood then: what was closed later was still open."""
    asked = InputRequest.objects.filter(run=run, opened_at__lte=then).order_by("id")
    answers = {
        response["request_id"]: response
        for response in InputResponse.objects.filter(run=run).values(
            "request_id", *RESPONSE_FIELDS
        )
    }
    return [
        _request(fields, answers.get(fields["id"]), then)
        for fields in asked.values(*REQUEST_FIELDS)
    ]


def _request(
    fields: dict[str, Any], answer: dict[str, Any] | None, then: datetime
) -> dict[str, Any]:
    if fields["closed_at"] is not None and fields["closed_at"] > then:
        fields |= {"closed_at": None, "status": "open"}
        answer = None
    if answer is not None:
        answer = _plain({key: answer[key] for key in RESPONSE_FIELDS})
    return {**_plain(fields), "response": answer}


def _events(run: Run, number: int) -> list[dict[str, Any]]:
    lines = RunEvent.objects.filter(Q(run=run), number__lte=number).order_by("number")
    return [_plain(line) for line in lines.values(*COLUMNS)]


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Ids and times as text."""
    return {key: _as_text(value) for key, value in fields.items()}


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
