"""Runs: start them, see them, and steer them."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from workflows_app import access
from workflows_app.models import Scope
from workflows_app.runtime.definitions import find_current
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.restarting import restart
from workflows_app.runtime.starting import Start, start, start_event

from .bearer import token_of, user_of
from .errors import not_found
from .found import get_run, get_run_to_operate
from .inputs import NO_REASON, NOTHING, Nothing, RunGiven, Wait, WithReason
from .once import act_once, apply_once, lasting_key
from .routes import get, post
from .run_shapes import RunReply
from .waiting import Ended, wish

router = Router(tags=["runs"])


@post(router, "/runs", Scope.START, returns=RunReply, status=201)
def start_run(request: HttpRequest, given: RunGiven) -> HttpResponse:
    """Start a run of a workflow that some worker has offered.

    A key is for ever: the run that was started with it is found again, also later than
    48 hours.
    """
    return act_once(request, lambda: _start(request, given), status=201)


def _start(request: HttpRequest, given: RunGiven) -> RunReply:
    user = user_of(request)
    definition = find_current(given.workflow)
    if definition is None or not access.may_start(user):
        raise not_found()
    wanted = Start(
        event=start_event(definition, given.input),
        started_by=user,
        token_id=token_of(request).pk,
        groups=given.groups,
        tags=given.tags,
        idempotency_key=lasting_key(request),
        priority=given.priority,
        not_before=given.not_before,
    )
    return RunReply.of_id(start(definition, wanted))


@get(router, "/runs/{uuid:run_id}", Scope.READ, returns=RunReply)
def get_one_run(request: HttpRequest, run_id: UUID, wait: Wait = 0) -> RunReply:
    """A run: its input, its state, and its result once there is one.

    With `wait`, the reply comes as soon as the run has ended, at the latest after so
    many seconds.
    """
    run = get_run(user_of(request), run_id)
    if wait and not run.is_finished:
        wish(request, Ended(run.pk, run.last_number, wait))
    return RunReply.of(run)


@post(router, "/runs/{uuid:run_id}/pause", Scope.OPERATE, returns=RunReply)
def pause_run(
    request: HttpRequest, run_id: UUID, given: WithReason = NO_REASON
) -> HttpResponse:
    """Start nothing new in the run; what is running ends by itself."""
    return _steer(
        request,
        run_id,
        lambda run, actor: run.hold(actor=actor, reason=given.reason or None),
    )


@post(router, "/runs/{uuid:run_id}/resume", Scope.OPERATE, returns=RunReply)
def resume_run(
    request: HttpRequest, run_id: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Let a paused run go on."""
    return _steer(request, run_id, lambda run, actor: run.resume_in_place(actor=actor))


@post(router, "/runs/{uuid:run_id}/abort", Scope.OPERATE, returns=RunReply)
def abort_run(
    request: HttpRequest, run_id: UUID, given: WithReason = NO_REASON
) -> HttpResponse:
    """End the run now; its questions are withdrawn, and those below it aborted."""
    return _steer(
        request,
        run_id,
        lambda run, actor: run.abort(given.reason or None, actor=actor),
    )


@post(router, "/runs/{uuid:run_id}/retry", Scope.OPERATE, returns=RunReply, status=201)
def retry_run(
    request: HttpRequest, run_id: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Start another run with the same input, in the version that is here now.

    To go on from somewhere in the middle, fork one of its snapshots.
    """
    user = user_of(request)
    run = get_run_to_operate(user, run_id)
    return act_once(request, lambda: RunReply.of_id(restart(run, user)), status=201)


def _steer(
    request: HttpRequest, run_id: UUID, verb: Callable[[Handler, str], object]
) -> HttpResponse:
    user = user_of(request)
    get_run_to_operate(user, run_id)
    return apply_once(
        request,
        lambda: verb(Handler(run_id), user.get_username()),
        lambda: RunReply.of_id(run_id),
    )
