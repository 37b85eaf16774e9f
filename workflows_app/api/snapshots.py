"""Snapshots: runs as they were, to be taken elsewhere or gone on from."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from workflows_app.engine.snapshot import Snapshot as Portable
from workflows_app.models import Scope, Snapshot
from workflows_app.runtime.snapshots import resuming, taking

from .bearer import user_of
from .found import check_operator, get_run_to_operate, get_snapshot
from .inputs import NOT_PAUSED, NOTHING, ForkGiven, Limit, Nothing, SnapshotGiven
from .json_reply import text_reply
from .keyset import Keyset
from .once import act_once
from .routes import get, post
from .run_shapes import RunReply, SnapshotPage, SnapshotSummary

router = Router(tags=["snapshots"])
KEYSET: Keyset[Snapshot] = Keyset("taken_at")


@get(router, "/runs/{uuid:run_id}/snapshots", Scope.OPERATE, returns=SnapshotPage)
def list_snapshots(
    request: HttpRequest, run_id: UUID, cursor: str = "", limit: Limit = 50
) -> SnapshotPage:
    """The snapshots that are kept of a run, the newest first."""
    run = get_run_to_operate(user_of(request), run_id)
    kept = Snapshot.objects.filter(run=run)
    kept = kept.defer("state", "values", "inbox", "children")
    rows, after = KEYSET.page(kept, cursor, limit)
    return SnapshotPage(items=list(map(SnapshotSummary.of, rows)), next=after)


@post(
    router,
    "/runs/{uuid:run_id}/snapshots",
    Scope.OPERATE,
    returns=SnapshotSummary,
    status=201,
)
def take_snapshot(
    request: HttpRequest, run_id: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Take a snapshot of the run as it is now, and keep it."""
    get_run_to_operate(user_of(request), run_id)
    return act_once(
        request, lambda: SnapshotSummary.of(taking.keep(run_id)), status=201
    )


@get(router, "/snapshots/{uuid:snapshot_id}", Scope.OPERATE, returns=dict)
def get_one_snapshot(request: HttpRequest, snapshot_id: UUID) -> HttpResponse:
    """A snapshot in full: JSON, to be kept anywhere and resumed on any Holdpoint."""
    row = get_snapshot(user_of(request), snapshot_id)
    return text_reply(taking.read(row).dump(), 200)


@post(router, "/snapshots/resume", Scope.OPERATE, returns=RunReply)
def resume_snapshot(request: HttpRequest, given: SnapshotGiven) -> HttpResponse:
    """Continue the run of a snapshot here, under its own id; twice is as once.

    With `as_new_run` another run continues from it, each time. For operators alone: a
    snapshot may say anything.
    """
    user = user_of(request)
    check_operator(user)
    return act_once(request, lambda: _resume(given, user.get_username()))


def _resume(given: SnapshotGiven, actor: str) -> RunReply:
    run_id = resuming.resume(
        Portable.load(given.snapshot),
        as_new_run=given.as_new_run,
        paused=given.paused,
        actor=actor,
    )
    return RunReply.of_id(run_id)


@post(
    router,
    "/snapshots/{uuid:snapshot_id}/fork",
    Scope.OPERATE,
    returns=RunReply,
    status=201,
)
def fork_snapshot(
    request: HttpRequest, snapshot_id: UUID, given: ForkGiven = NOT_PAUSED
) -> HttpResponse:
    """Let another run go on from a snapshot; the first one is not touched."""
    user = user_of(request)
    row = get_snapshot(user, snapshot_id)
    return act_once(request, lambda: _fork(row, given, user.get_username()), status=201)


def _fork(row: Snapshot, given: ForkGiven, actor: str) -> RunReply:
    snapshot = taking.read(row)
    return RunReply.of_id(
        resuming.resume(snapshot, as_new_run=True, paused=given.paused, actor=actor)
    )
