"""A run once more from its beginning: another run, with the input of the first."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from workflows_app.engine import values
from workflows_app.engine.definition import Definition
from workflows_app.engine.errors import IncompatibleSnapshotError
from workflows_app.engine.state import EventRecord
from workflows_app.models import Run

from .definitions import find_served
from .starting import Start, start, start_event

RESTARTED_BY = "restarted_by"
"""The tag that tells who wanted it, if that is not who started the first run."""


def restart(run: Run, user: User) -> UUID:
    """Start a run with the same input, in the version of the workflow that is here now.

    It still counts as started by the same person: what he asks for he may perhaps not
    decide himself. Raises IncompatibleSnapshotError when the workflow is gone, and ValidationError when
    it takes another input by now.
    """
    definition = find_served(run.workflow)
    if definition is None or not definition.steps:
        raise IncompatibleSnapshotError(f"There is no workflow {run.workflow!r} here.")
    wanted = Start(
        event=_event(definition, run),
        started_by=run.started_by or user,
        groups=[name for name in run.groups if name not in definition.groups],
        tags={**run.tags, RESTARTED_BY: user.get_username()},
        priority=run.priority,
    )
    with transaction.atomic():
        again = start(definition, wanted)
        Run.objects.filter(pk=again).update(forked_from=run.pk)
    return again


def _event(definition: Definition, run: Run) -> EventRecord:
    """What was taken once by this very version is taken again, as it was."""
    if definition.digest == run.definition_id:
        return EventRecord(definition.start_type, definition.start_bases, run.input)
    return start_event(definition, values.load(run.input))
