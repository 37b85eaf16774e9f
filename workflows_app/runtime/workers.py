"""The workers, as operators see them: who is there, how busy, and who shall stop."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from workflows_app import access
from workflows_app.access import Viewer
from workflows_app.engine.errors import WorkerNotFoundError, WorkerStoppedError
from workflows_app.models import Worker

from .effects import LEASE

log = logging.getLogger(__name__)


class WorkerState(StrEnum):
    """How a worker is, by its heartbeats and the database's clock.

    A drained one does nothing any more and waits to be stopped; of a silent one nobody
    has heard for a lease, so what it ran is given to others.
    """

    LIVE = "live"
    DRAINING = "draining"
    DRAINED = "drained"
    SILENT = "silent"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """A worker as it reported last: `busy` of `slots` calls, `ago` it was heard of."""

    id: UUID
    host: str
    pid: int
    state: WorkerState
    busy: int
    slots: int
    started_at: datetime
    seen_at: datetime
    ago: timedelta


def workers(viewer: Viewer) -> QuerySet[Worker, Any]:
    """All that have been heard of in the last day, with `state` and `ago`; for operators."""
    rows = Worker.objects.all() if access.is_operator(viewer) else Worker.objects.none()
    return rows.annotate(state=_state(), ago=_ago())


def list_workers(viewer: Viewer) -> list[WorkerReport]:
    """The same as plain values; nothing for those who are no operators."""
    return [_report(worker) for worker in workers(viewer)]


def get_worker(viewer: Viewer, worker_id: UUID) -> WorkerReport:
    """Raises WorkerNotFoundError also for those who are no operators."""
    worker = workers(viewer).filter(pk=worker_id).first()
    if worker is None:
        raise WorkerNotFoundError(f"There is no worker {worker_id}.")
    return _report(worker)


def drain(worker_id: UUID, actor: Viewer) -> WorkerReport:
    """Let a worker finish its attempts and take none; it hears so within seconds.

    It stays, does nothing, and waits to be stopped. Raises WorkerNotFoundError, or
    WorkerStoppedError.
    """
    return _want(worker_id, actor, is_draining=True)


def undrain(worker_id: UUID, actor: Viewer) -> WorkerReport:
    """Let a worker take work again; what it raises is what `drain` does."""
    return _want(worker_id, actor, is_draining=False)


def _want(worker_id: UUID, actor: Viewer, *, is_draining: bool) -> WorkerReport:
    report = get_worker(actor, worker_id)
    there = Worker.objects.filter(pk=worker_id, stopped_at=None)
    if not there.update(is_draining=is_draining):
        raise WorkerStoppedError(f"Worker {report.host} {report.pid} has stopped.")
    verb = "drains" if is_draining else "gives work again to"
    log.info("%s %s worker %s", actor.get_username(), verb, worker_id)
    return get_worker(actor, worker_id)


def _state() -> Case:
    """The first that is true of these."""
    is_heard = Q(seen_at__gte=Now() - timedelta(seconds=LEASE))
    return Case(
        When(stopped_at__isnull=False, then=Value(WorkerState.STOPPED)),
        When(~is_heard, then=Value(WorkerState.SILENT)),
        When(is_draining=True, slots=0, busy=0, then=Value(WorkerState.DRAINED)),
        When(is_draining=True, then=Value(WorkerState.DRAINING)),
        default=Value(WorkerState.LIVE),
        output_field=CharField(),
    )


def _ago() -> "ExpressionWrapper[CombinedExpression]":
    return ExpressionWrapper(Now() - F("seen_at"), output_field=DurationField())


def _report(worker: Any) -> WorkerReport:
    return WorkerReport(
        worker.pk,
        worker.host,
        worker.pid,
        WorkerState(worker.state),
        worker.busy,
        worker.slots,
        worker.started_at,
        worker.seen_at,
        worker.ago,
    )
