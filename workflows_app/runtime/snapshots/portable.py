"""From rows to the portable form of a run: what changes of it, and what never does."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.state import State
from workflows_app.engine.state_text import load_state
from workflows_app.models import InputRequest, InputResponse, Run, RunEvent
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
    "effective_at",
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
    "decides",
    "withdrawn_at",
)


@dataclass(frozen=True, slots=True)
class Part:
    """What changes of one run: as it is now, or as it was once."""

    run: Run
    state: str
    revision: int
    number: int
    values: dict[str, Any]
    inbox: list[dict[str, Any]]
    children: list["Part"] = field(default_factory=list)


def assemble(part: Part, cause: str, taken_at: datetime) -> Snapshot:
    """Add to a part what never changes: definition, input, log, closed requests."""
    run, state = part.run, load_state(part.state)
    return Snapshot(
        run_id=str(run.pk),
        workflow_name=run.workflow,
        definition=run.definition.body,
        revision=part.revision,
        number=part.number,
        cause=cause,
        taken_at=taken_at.timestamp(),
        input=run.input,
        state=part.state,
        values=part.values,
        requests=_requests(run, state, taken_at),
        events=_events(run, part.number),
        result=run.result if state.is_finished else None,
        error=run.error if state.is_finished else None,
        run=_about(run, state),
        inbox=part.inbox,
        dropped_session_keys=list(state.session_keys),
        children=[assemble(child, cause, taken_at) for child in part.children],
    )


def _about(run: Run, state: State) -> dict[str, Any]:
    ended = run.finished_at if state.is_finished else None
    return {
        "groups": run.groups,
        "tags": run.tags,
        "priority": run.priority,
        "started_by": run.started_by.get_username() if run.started_by else None,
        "idempotency_key": run.idempotency_key,
        "created_at": run.created_at.isoformat(),
        "finished_at": ended.isoformat() if ended else None,
    }


def _requests(run: Run, state: State, then: datetime) -> list[dict[str, Any]]:
    """The requests as they stood then: what was closed later was still open.

    A child may have asked between the moment of its parent and that of this copy.
    """
    is_known = Q(opened_at__lte=then) | Q(request_id__in=list(state.requests))
    asked = InputRequest.objects.filter(is_known, run=run).order_by("id")
    votes: dict[UUID, list[dict[str, Any]]] = {}
    given = InputResponse.objects.filter(run=run, at__lte=then).order_by("id")
    for vote in given.values("request_id", *RESPONSE_FIELDS):
        votes.setdefault(vote.pop("request_id"), []).append(_vote(vote, then))
    return [
        {**_plain(_request(fields, state)), "responses": votes.get(fields["id"], [])}
        for fields in asked.values(*REQUEST_FIELDS)
        if fields["request_id"] in state.requests or fields["closed_at"] is not None
    ]


def _request(fields: dict[str, Any], state: State) -> dict[str, Any]:
    request = state.requests.get(fields["request_id"])
    if request is None:
        return fields
    decision = request.decision
    is_open = {"status": "open", "effective_at": None, "closed_at": None}
    if decision is None:
        return fields | is_open
    moment = datetime.fromtimestamp(decision.effective_at, UTC)
    return fields | is_open | {"status": "decided", "effective_at": moment}


def _vote(fields: dict[str, Any], then: datetime) -> dict[str, Any]:
    """A vote that was taken back later counted then."""
    if fields["withdrawn_at"] is not None and fields["withdrawn_at"] > then:
        fields["withdrawn_at"] = None
    return _plain(fields)


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
