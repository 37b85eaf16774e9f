"""Runs in any state, made through the real transitions; plain functions."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from tests.flows import approval
from workflows_app.engine.registry import get_workflow
from workflows_app.engine.ticks import CallClaimed
from workflows_app.engine.workflow import Workflow
from workflows_app.models import InputRequest, Run
from workflows_app.runtime.execute import Bodies, Granted
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.runtime.transition import Claimant, apply

WORKER = "test"


def start_run(
    workflow: Workflow = approval, *, user: User | None = None, **fields: Any
) -> UUID:
    """A run that has begun; nobody has taken its first call yet."""
    definition = workflow.definition
    event = start_event(definition, fields)
    return start(definition, Start(event=event, started_by=user))


def run_steps(run_id: UUID) -> Run:
    """Do a worker's work in this process until nothing is ready any more."""
    bodies, workflow = Bodies(), get_workflow(Run.objects.get(pk=run_id).workflow)
    claimant = Claimant(WORKER, workflow.steps)
    while ready := Run.objects.get(pk=run_id).calls.filter(worker="").first():
        claim = CallClaimed(ready.number, WORKER)
        granted = Granted.find(apply(run_id, claim))
        while granted is not None:
            _, outcome = bodies.start(granted, lambda record: None)
            applied = apply(run_id, outcome.result(timeout=10), claimant=claimant)
            granted = Granted.find(applied)
    return Run.objects.get(pk=run_id)


def make_run(workflow: Workflow = approval, **fields: Any) -> Run:
    """A run that has gone as far as it can without a person."""
    return run_steps(start_run(workflow, **fields))


def make_request(workflow: Workflow = approval, **fields: Any) -> InputRequest:
    """An open question of a new run."""
    return InputRequest.objects.filter(run=make_run(workflow, **fields)).latest("id")
