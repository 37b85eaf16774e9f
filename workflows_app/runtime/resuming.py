"""How the run of a snapshot goes on: here, or in a database that never saw it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, transaction

from workflows_app.engine import registry
from workflows_app.engine.definition import Definition
from workflows_app.engine.errors import (
    IncompatibleSnapshotError,
    SnapshotFormatError,
    StaleSnapshotError,
)
from workflows_app.engine.reduction import RESPONSE
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.state import Request, State
from workflows_app.engine.ticks import Resumed
from workflows_app.models import InputRequest, InputResponse, Run, RunEvent, RunState
from workflows_app.stream.log import COLUMNS

from .definitions import find_current, keep
from .effects import perform
from .snapshots import REQUEST_FIELDS, RESPONSE_FIELDS
from .transition import lock, move

_BROKEN = (
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    DataError,
    IntegrityError,
    DjangoValidationError,
)
"""How a snapshot shows that somebody has tampered with it."""


def resume(snapshot: Snapshot, *, paused: bool = False) -> UUID:
    """Continue the run of a snapshot under its own id; twice is the same as once.

    Raises IncompatibleSnapshotError naming all that is missing here, and
    StaleSnapshotError when the run has gone on since.
    """
    definition = _definition_for(snapshot)
    _check_compatible(definition, State.load(snapshot.state))
    try:
        run_id = UUID(snapshot.run_id)
    except ValueError as error:
        raise SnapshotFormatError("$.run_id is no UUID.") from error
    try:
        with transaction.atomic():
            if _is_new(run_id, definition, snapshot):
                _import(run_id, snapshot, paused=paused)
                return run_id
    except _BROKEN as error:
        raise SnapshotFormatError(f"It cannot be imported: {error!r}") from error
    return _resume_here(run_id, snapshot, paused=paused)


def _definition_for(snapshot: Snapshot) -> Definition:
    """The code of today decides: what this process has, else what a worker offers."""
    workflow = registry.find_workflow(snapshot.workflow_name)
    current = workflow.definition if workflow else find_current(snapshot.workflow_name)
    if current is None:
        raise IncompatibleSnapshotError(
            f"There is no workflow {snapshot.workflow_name!r} here."
        )
    return current


def _check_compatible(definition: Definition, state: State) -> None:
    problems = [
        f"step {call.step!r} for event {call.event.type}"
        for call in state.calls.values()
        if call.step not in {s.name for s in definition.accepting(call.event.types)}
    ]
    for request in state.requests.values():
        kind, bases = request.respond_as or RESPONSE
        if not definition.accepting((kind, *bases)):
            problems.append(f"a step for {kind}, the answer to {request.request_id!r}")
    if problems:
        raise IncompatibleSnapshotError(
            f"Workflow {definition.name!r} lacks: {'; '.join(problems)}."
        )


def _is_new(run_id: UUID, definition: Definition, snapshot: Snapshot) -> bool:
    """Insert the run, unless it is here."""
    keep(definition)
    state = State.load(snapshot.state)
    about = snapshot.run
    _, created = Run.objects.get_or_create(
        pk=run_id,
        defaults={
            "workflow": snapshot.workflow_name,
            "definition_id": definition.digest,
            "status": state.status,
            "paused": state.paused,
            "state": snapshot.state,
            "revision": snapshot.revision,
            "last_number": snapshot.number,
            "input": snapshot.input,
            "result": snapshot.result,
            "error": snapshot.error,
            "groups": about.get("groups", []),
            "tags": about.get("tags", {}),
            "started_by": User.objects.filter(username=about.get("started_by")).first(),
            "created_at": datetime.fromisoformat(about["created_at"]),
            "resumed_from": snapshot.revision,
        },
    )
    return created


def _import(run_id: UUID, snapshot: Snapshot, *, paused: bool) -> None:
    """Fill the tables from the snapshot, then let the run go on."""
    RunState.objects.bulk_create(
        RunState(run_id=run_id, key=key, text=kept["text"], version=kept["version"])
        for key, kept in snapshot.values.items()
    )
    RunEvent.objects.bulk_create(
        RunEvent(run_id=run_id, **{name: event[name] for name in COLUMNS})
        for event in snapshot.events
    )
    run = lock(run_id)
    run.state = _restarted(run.state, run.now - snapshot.taken_at, snapshot.taken_at)
    for fields in snapshot.requests:
        _import_request(run_id, run.state, fields)
    if paused or run.state.is_finished:
        perform(run, run.state, [])
    else:
        move(run, Resumed("snapshot"))


def _resume_here(run_id: UUID, snapshot: Snapshot, *, paused: bool) -> UUID:
    """The run is in this database: let it go on if it stands where it stood then."""
    with transaction.atomic():
        run = lock(run_id)
        if Run.objects.filter(pk=run_id, resumed_from=snapshot.revision).exists():
            return run_id  # this very snapshot has been resumed before
        if run.revision != snapshot.revision:
            raise StaleSnapshotError(
                f"The run has gone on since: it stands at revision {run.revision}, "
                f"the snapshot at {snapshot.revision}."
            )
        if run.state.paused and not paused:
            move(run, Resumed("snapshot"))
            Run.objects.filter(pk=run_id).update(resumed_from=snapshot.revision)
    return run_id


def _restarted(state: State, shift: float, taken_at: float) -> State:
    """What was running is undelivered again; clocks go on with what was left."""
    state = state.copy()
    state.active_seconds = state.active_at(taken_at)
    state.active_since = None
    state.paused = not state.is_finished
    state.calls = {n: replace(c, running=False) for n, c in state.calls.items()}
    state.requests = {
        name: replace(request, opened_at=request.opened_at + shift)
        for name, request in state.requests.items()
    }
    return state


def _import_request(run_id: UUID, state: State, fields: dict[str, Any]) -> None:
    request = InputRequest(
        run_id=run_id, root_id=run_id, **{key: fields[key] for key in REQUEST_FIELDS}
    )
    still_open = state.requests.get(request.request_id)
    if still_open is not None:
        _copy_open(still_open, request)
    request.save(force_insert=True)
    if fields["response"] is not None:
        answer = {key: fields["response"][key] for key in RESPONSE_FIELDS}
        InputResponse.objects.create(request=request, run_id=run_id, **answer)


def _copy_open(asked: Request, row: InputRequest) -> None:
    """What the engine will go by is what people see, whatever else the snapshot says."""
    row.shown, row.digest, row.step = asked.shown, asked.digest, asked.step
    row.policy = json.dumps(dict(asked.policy))
    row.assignees = list(asked.policy["assignees"])
    row.groups = list(asked.policy["groups"])
    row.priority = asked.priority
    if asked.expires_at is not None:
        row.expires_at = datetime.fromtimestamp(asked.expires_at, UTC)
