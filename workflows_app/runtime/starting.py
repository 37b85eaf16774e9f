"""How a run begins: its row, its first lines and its first jobs, all at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuid
from django.contrib.auth.models import User
from django.db import transaction
from psycopg.types.json import Jsonb

from workflows_app.engine import values
from workflows_app.engine.definition import Definition
from workflows_app.engine.emission import check_name, check_priority
from workflows_app.engine.errors import KeyReusedError, ValidationError
from workflows_app.engine.schema import check_fields
from workflows_app.engine.state import EventRecord, State
from workflows_app.engine.ticks import Asked, Started
from workflows_app.models import Run

from .definitions import definition_row, keep_children
from .run_row import RunRow
from .statements import execute
from .statements.runs import INSERT_RUN
from .transition import deliver, move


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Who starts a run, with what, and who may see it beside those it asks.

    `run_id` is an id of the starter's own; higher priorities get workers first; no
    step runs before `not_before`.
    """

    event: EventRecord
    started_by: User | None = None
    source_id: int | None = None
    token_id: int | None = None
    groups: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    run_id: UUID | None = None
    priority: int = 0
    not_before: datetime | None = None

    @property
    def starter(self) -> str | None:
        return self.started_by.get_username() if self.started_by else None


def start(definition: Definition, wanted: Start) -> UUID:
    """Start a run; may be called inside somebody else's transaction.

    The same idempotency key gives the run that exists; with another input it is a
    ValidationError.
    """
    moment = None if wanted.not_before is None else wanted.not_before.timestamp()
    return begin(
        definition, wanted, Started(wanted.event, wanted.starter, not_before=moment)
    )


def begin(definition: Definition, wanted: Start, tick: Started | Asked) -> UUID:
    """Make the run and let this be the first that happens to it."""
    _check(wanted)
    with transaction.atomic():
        run = _insert(definition, wanted)
        if run is None:
            return _find_started(definition, wanted)
        keep_children(definition)
        told = move(run, tick).told
        if told:
            transaction.on_commit(lambda: deliver(told))
        return run.id


def start_event(definition: Definition, fields: Mapping[str, object]) -> EventRecord:
    """The start event from plain data, as it comes from a form or a webhook.

    Raises ValidationError naming every field that does not fit.
    """
    check_fields(definition.input_schema, fields)
    bases = definition.start_bases
    return EventRecord(definition.start_type, bases, values.dump(dict(fields)))


def _check(wanted: Start) -> None:
    if wanted.idempotency_key is not None:
        check_name(wanted.idempotency_key, "idempotency key")
    for text in filter(None, (*wanted.tags, *wanted.tags.values())):
        check_name(text, "tag")
    check_priority(wanted.priority)


def _insert(definition: Definition, wanted: Start) -> RunRow | None:
    """The run's row; None when the idempotency key, or the id, has been used."""
    run_id = wanted.run_id or uuid.uuid7()
    parameters = {
        **definition_row(definition),
        "run": run_id,
        "input": wanted.event.body,
        "priority": wanted.priority,
        "started_by": wanted.started_by.pk if wanted.started_by else None,
        "source": wanted.source_id,
        "token": wanted.token_id,
        "groups": [*definition.groups, *wanted.groups],
        "tags": Jsonb(dict(wanted.tags)),
        "key": wanted.idempotency_key,
    }
    inserted = execute(INSERT_RUN, parameters).fetchone()
    if inserted is None:
        return None
    return RunRow(
        id=run_id,
        root_id=run_id,
        parent_id=None,
        definition=definition,
        workflow=definition.name,
        tags=dict(wanted.tags),
        priority=wanted.priority,
        state=State(),
        revision=0,
        number=0,
        now=inserted[0],
    )


def _find_started(definition: Definition, wanted: Start) -> UUID:
    run = None
    if wanted.idempotency_key is not None:
        key = wanted.idempotency_key
        run = Run.objects.filter(workflow=definition.name, idempotency_key=key).first()
    if run is None:
        raise ValidationError(f"There is a run {wanted.run_id} already.")
    if _sorted(run.input) != _sorted(wanted.event.body):
        raise KeyReusedError(
            f"The key {wanted.idempotency_key!r} was used with another input."
        )
    return run.pk


def _sorted(text: str) -> str:
    """The same input whatever the order of its fields: a client may not keep it."""
    return json.dumps(json.loads(text), sort_keys=True)
