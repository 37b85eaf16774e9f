"""Workers: who does the work, and who shall stop doing it. For operators."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from workflows_app.models import Scope
from workflows_app.runtime import workers
from workflows_app.runtime.workers import WorkerReport

from .bearer import user_of
from .found import check_operator
from .inputs import NOTHING, Nothing
from .once import act_once
from .routes import get, post

router = Router(tags=["workers"])


class WorkerReply(BaseModel):
    """A worker as it reported last."""

    id: UUID
    host: str
    pid: int
    state: str = Field(description="live, draining, drained, silent or stopped")
    busy: int = Field(description="Calls that it runs now.")
    slots: int = Field(description="Calls that it can run at once.")
    started_at: datetime
    seen_at: datetime = Field(description="Its last heartbeat.")

    @classmethod
    def of(cls, report: WorkerReport) -> "WorkerReply":
        return cls(**{name: getattr(report, name) for name in cls.model_fields})


class WorkerList(BaseModel):
    """All workers that have been heard of in the last day."""

    items: list[WorkerReply]


@get(router, "/workers", Scope.READ, Scope.OPERATE, returns=WorkerList)
def list_workers(request: HttpRequest) -> WorkerList:
    """All workers, with their load and their last heartbeat."""
    user = user_of(request)
    check_operator(user)
    return WorkerList(items=list(map(WorkerReply.of, workers.list_workers(user))))


@post(router, "/workers/{uuid:worker_id}/drain", Scope.OPERATE, returns=WorkerReply)
def drain_worker(
    request: HttpRequest, worker_id: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Let a worker finish what it has and take nothing new."""
    user = user_of(request)
    return act_once(request, lambda: WorkerReply.of(workers.drain(worker_id, user)))


@post(router, "/workers/{uuid:worker_id}/undrain", Scope.OPERATE, returns=WorkerReply)
def undrain_worker(
    request: HttpRequest, worker_id: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Let a worker take work again."""
    user = user_of(request)
    return act_once(request, lambda: WorkerReply.of(workers.undrain(worker_id, user)))
