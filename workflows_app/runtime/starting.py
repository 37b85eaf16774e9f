"""How a run begins: its row, its first lines and its first jobs, all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import uuid_utils.compat as uuid
from django.contrib.auth.models import User
from django.db import transaction
from psycopg.types.json import Jsonb

from workflows_app.engine import values
from workflows_app.engine.definition import Definition
from workflows_app.engine.emission import check_name
from workflows_app.engine.errors import ValidationError
from workflows_app.engine.schema import find_errors
from workflows_app.engine.state import EventRecord, State
from workflows_app.engine.ticks import Started
from workflows_app.models import Run

from . import statements
from .definitions import definition_row
from .effects import RunRow
from .statements import execute
from .transition import move


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Who starts a run, with what, and who may see it beside those it asks."""

    event: EventRecord
    started_by: User | None = None
    source_id: int | None = None
    groups: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None


def start(definition: Definition, wanted: Start) -> UUID:
    """Start a run; may be called inside somebody else's transaction.

    The same idempotency key gives the run that exists; with another input it is a
    ValidationError.
    """
    if wanted.idempotency_key is not None:
        check_name(wanted.idempotency_key, "idempotency key")
    for text in filter(None, (*wanted.tags, *wanted.tags.values())):
        check_name(text, "tag")
    with transaction.atomic():
        run = _insert(definition, wanted)
        if run is None:
            return _find_started(definition, wanted)
        who = wanted.started_by.get_username() if wanted.started_by else None
        move(run, Started(wanted.event, who))
        return run.id


def start_event(definition: Definition, fields: Mapping[str, object]) -> EventRecord:
    """The start event from plain data, as it comes from a form or a webhook.

    Raises ValidationError naming every field that does not fit.
    """
    if definition.input_schema is not None:
        problems = find_errors(dict(definition.input_schema), dict(fields))
        if problems:
            raise ValidationError(
                [
                    f"{'.'.join(map(str, p.path)) or 'input'}: {p.message}"
                    for p in problems
                ]
            )
    bases = definition.start_bases
    return EventRecord(definition.start_type, bases, values.dump(dict(fields)))


def _insert(definition: Definition, wanted: Start) -> RunRow | None:
    """The run's row; None when the idempotency key has been used."""
    run_id = uuid.uuid7()
    parameters = {
        **definition_row(definition),
        "run": run_id,
        "input": wanted.event.body,
        "started_by": wanted.started_by.pk if wanted.started_by else None,
        "source": wanted.source_id,
        "groups": [*definition.groups, *wanted.groups],
        "tags": Jsonb(dict(wanted.tags)),
        "key": wanted.idempotency_key,
    }
    inserted = execute(statements.INSERT_RUN, parameters).fetchone()
    if inserted is None:
        return None
    return RunRow(
        id=run_id,
        definition=definition,
        workflow=definition.name,
        tags=dict(wanted.tags),
        state=State(),
        revision=0,
        number=0,
        now=inserted[0],
    )


def _find_started(definition: Definition, wanted: Start) -> UUID:
    run = Run.objects.get(
        workflow=definition.name, idempotency_key=wanted.idempotency_key
    )
    if run.input != wanted.event.body:
        raise ValidationError(
            f"The key {wanted.idempotency_key!r} was used with another input."
        )
    return run.pk
