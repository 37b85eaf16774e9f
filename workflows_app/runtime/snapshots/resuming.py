"""How the run of a snapshot goes on: here, as another run, or in another database."""

from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, transaction

from workflows_app.engine.errors import (
    EngineError,
    SnapshotFormatError,
    StaleSnapshotError,
)
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.ticks import Resumed
from workflows_app.models import Run
from workflows_app.runtime.definitions import keep
from workflows_app.runtime.transition import deliver, lock, move

from . import importing
from .compatible import served_definitions
from .importing import Move

_BROKEN = (
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    OverflowError,
    DataError,
    IntegrityError,
    DjangoValidationError,
)
"""How a snapshot shows that somebody has tampered with it."""

PROGRAM = "snapshot"
"""Who lets the run go on when no person says so."""


def resume(
    snapshot: Snapshot,
    *,
    as_new_run: bool = False,
    paused: bool = False,
    actor: str = PROGRAM,
) -> UUID:
    """Continue the run of a snapshot under its own id; twice is the same as once.

    May be called inside somebody else's transaction.

    With `as_new_run` another run continues from it, each time. Raises
    IncompatibleSnapshotError naming all that is missing here, and StaleSnapshotError
    when the run has gone on since.
    """
    resumed = None if paused else Resumed(actor)
    definitions = served_definitions(snapshot)
    try:
        way = Move.of(snapshot, definitions, is_fork=as_new_run)
    except ValueError as error:
        raise SnapshotFormatError("$.run_id is no UUID.") from error
    try:
        with transaction.atomic():
            told = _import(way, resumed)
    except EngineError:
        raise
    except _BROKEN as error:
        raise SnapshotFormatError(f"It cannot be imported: {error!r}") from error
    if told is None:
        told = _resume_here(snapshot, resumed)
    transaction.on_commit(lambda: deliver(told))
    return way.root_id


def _import(way: Move, resumed: Resumed | None) -> list[UUID] | None:
    """Fill the tables, then let the run go on; None if it is here already."""
    for definition in way.definitions.values():
        keep(definition)
    if not importing.insert_run(way, way.top):
        return None
    importing.fill(way, way.top)
    targets = importing.fill_inboxes(way)
    run = lock(way.root_id)
    if resumed is not None and not run.state.is_finished:
        move(run, resumed)
    return [*targets, *run.told]


def _resume_here(snapshot: Snapshot, resumed: Resumed | None) -> list[UUID]:
    """The run is in this database: let it go on if it stands where it stood then."""
    with transaction.atomic():
        run = lock(UUID(snapshot.run_id))
        rows = Run.objects.filter(pk=run.id)
        if rows.filter(resumed_from=snapshot.revision).exists():
            return []  # this very snapshot has been resumed before
        if run.revision != snapshot.revision:
            raise StaleSnapshotError(
                f"The run has gone on since: it stands at revision {run.revision}, "
                f"the snapshot at {snapshot.revision}."
            )
        if run.state.paused and resumed is not None:
            move(run, resumed)
        rows.update(resumed_from=snapshot.revision)
        return run.told
