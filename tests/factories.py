"""Runs in any state, made through the real transitions; plain functions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from tests.attempts import run_attempt
from tests.flows import approval
from workflows_app.engine.body import failure
from workflows_app.engine.errors import EngineError
from workflows_app.engine.registry import get_workflow
from workflows_app.engine.state import Call as CallState
from workflows_app.engine.state import Request as RequestState
from workflows_app.engine.state_text import dump_state, load_state
from workflows_app.engine.ticks import CallClaimed, Tick
from workflows_app.engine.workflow import Workflow
from workflows_app.models import Call, InputRequest, Run, RunInbox, Worker
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.runtime.transition import Applied, Claimant, apply, deliver
from workflows_app.runtime.worker.execute import Granted

WORKER = "test"


def start_run(
    workflow: Workflow = approval, *, user: User | None = None, **fields: Any
) -> UUID:
    """A run that has begun; nobody has taken its first call yet."""
    definition = workflow.definition
    event = start_event(definition, fields)
    return start(definition, Start(event=event, started_by=user))


def run_steps(run_id: UUID) -> Run:
    """Do a worker's work in this process until nothing is ready in the run's tree."""
    root = Run.objects.get(pk=run_id).root_id
    deliver_news(root)
    ready = Call.objects.filter(run__root_id=root, ready_at__isnull=False)
    while call := ready.order_by("ready_at", "id").first():
        work_on(call.run_id, call.number)
    return Run.objects.get(pk=run_id)


def deliver_news(root: UUID) -> None:
    """What a start tells its children is delivered after a commit; a test has none."""
    told = RunInbox.objects.filter(target__root_id=root).order_by("id")
    deliver(list(told.values_list("target_id", flat=True)))


def work_on(run_id: UUID, number: int) -> None:
    """Claim a call and go on with the run for as long as it grants more."""
    workflow = get_workflow(Run.objects.get(pk=run_id).workflow)
    claimant = Claimant(WORKER, workflow.steps)
    granted = Granted.find(apply(run_id, CallClaimed(number, WORKER)))
    while granted is not None:
        ended, told = run_attempt(granted)
        for tick in told:
            apply(run_id, tick)
        if ended.vote is not None:
            apply(run_id, ended.vote)
        granted = Granted.find(_commit(granted, ended.tick, claimant))


def _commit(granted: Granted, tick: Tick, claimant: Claimant) -> Applied:
    try:
        return apply(granted.run_id, tick, claimant=claimant)
    except EngineError as error:
        failed = failure(granted.find_workflow(), granted.attempt, error)
        return apply(granted.run_id, failed, claimant=claimant)


def make_run(workflow: Workflow = approval, **fields: Any) -> Run:
    """A run that has gone as far as it can without a person."""
    return run_steps(start_run(workflow, **fields))


def make_request(workflow: Workflow = approval, **fields: Any) -> InputRequest:
    """An open question of a new run."""
    return InputRequest.objects.filter(run=make_run(workflow, **fields)).latest("id")


def make_worker(**fields: Any) -> Worker:
    """A worker that was heard of just now."""
    now = timezone.now()
    given = {"host": "web-1", "pid": 7, "started_at": now, "seen_at": now, "slots": 64}
    return Worker.objects.create(**{**given, **fields})


def let_pass(run_id: UUID, seconds: float) -> None:
    """Make all that happened in a run, and all that it waits for, so much earlier."""
    run, by = Run.objects.get(pk=run_id), timedelta(seconds=seconds)
    state = load_state(run.state)
    state.started_at -= seconds
    if state.active_since is not None:
        state.active_since -= seconds
    state.calls = {n: _earlier(call, seconds) for n, call in state.calls.items()}
    state.requests = {
        name: _asked_earlier(request, seconds)
        for name, request in state.requests.items()
    }
    state.held_answers = {
        name: replace(held, until=held.until - seconds)
        for name, held in state.held_answers.items()
    }
    Run.objects.filter(pk=run_id).update(
        state=dump_state(state),
        changed_at=F("changed_at") - by,
        timeout_at=F("timeout_at") - by,
    )
    run.calls.update(
        ready_at=F("ready_at") - by,
        lease_until=F("lease_until") - by,
        not_before=F("not_before") - by,
    )
    run.requests.update(
        opened_at=F("opened_at") - by,
        expires_at=F("expires_at") - by,
        effective_at=F("effective_at") - by,
        due_at=F("due_at") - by,
    )
    run.inbox.update(created_at=F("created_at") - by)


def _earlier(call: CallState, seconds: float) -> CallState:
    if call.not_before is None:
        return call
    return replace(call, not_before=call.not_before - seconds)


def _asked_earlier(request: RequestState, seconds: float) -> RequestState:
    decision = request.decision
    if decision is not None:
        decision = replace(decision, effective_at=decision.effective_at - seconds)
    return replace(request, opened_at=request.opened_at - seconds, decision=decision)
