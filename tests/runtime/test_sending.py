"""Events from outside, through the real transition."""

from typing import Any
from uuid import uuid4

import pytest

from tests.factories import make_request, make_run, run_steps
from tests.flows import Paid, Settled, billing, dunning
from workflows_app.engine import Workflow, values
from workflows_app.engine.errors import (
    NoHandlerError,
    RunFinishedError,
    RunNotFoundError,
    ValidationError,
)
from workflows_app.models import InputRequest, InputResponse, Run, RunEvent, Snapshot
from workflows_app.runtime import answering, sending
from workflows_app.runtime.answering import Answer
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.sending import Sending

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_waits_for_an_event_and_goes_on_with_it() -> None:
    run = make_run(billing)
    assert (run.status, run.timeout_at) == ("waiting", None)
    assert Snapshot.objects.filter(run=run, cause="waiting").exists()
    for amount in (4, 6):
        Handler(run.pk).send_event(Paid(amount=amount), sender="bank")
        run = run_steps(run.pk)
    assert run.status == "completed"
    assert values.load(run.result or "") == 10
    line = RunEvent.objects.filter(run=run, kind="event_sent").first()
    assert line is not None
    assert (line.actor_kind, line.actor, line.door) == ("program", "bank", "python")
    assert line.content == {"event_type": "Paid", "event": {"amount": 4}}


async def test_async_code_sends_events_too() -> None:
    handler = await billing.run_with_handler()
    await handler.send_event(Paid(amount=4))
    with pytest.raises(NoHandlerError):
        await handler.send_event(Settled())


@pytest.mark.parametrize(
    ("event", "error"), [("Settled", NoHandlerError), ("Paid", ValidationError)]
)
def test_what_is_refused_changes_nothing(event: str, error: type[Exception]) -> None:
    run = make_run(billing)
    with pytest.raises(error):
        sending.send(run.pk, Sending(event_type=event, fields={}))
    assert Run.objects.get(pk=run.pk).revision == run.revision


def test_a_run_that_is_over_or_is_not_there_takes_no_event() -> None:
    run = make_run(billing)
    Handler(run.pk).abort()
    with pytest.raises(RunFinishedError):
        Handler(run.pk).send_event(Paid(amount=1))
    with pytest.raises(RunNotFoundError):
        Handler(uuid4()).send_event(Paid(amount=1))


def _unchanged(workflow: Workflow) -> tuple[Any, ...]:
    run = Run.objects.get(workflow=workflow.name)
    return run.revision, run.last_number, InputResponse.objects.count()


def test_what_would_become_of_an_event_is_told_without_doing_it() -> None:
    run = make_run(billing)
    before = _unchanged(billing)
    assert sending.rehearse(run.pk, Sending.of(Paid(amount=1))) is None
    refusal = sending.rehearse(run.pk, Sending.of(Settled()))
    assert isinstance(refusal, NoHandlerError)
    assert _unchanged(billing) == before


def test_what_would_become_of_an_answer_is_told_without_doing_it() -> None:
    asked = make_request(dunning)
    before = _unchanged(dunning)
    assert answering.rehearse(asked, Answer(value="yes")) is None
    assert answering.rehearse(asked, Answer(value="maybe")) is not None
    assert _unchanged(dunning) == before
    assert InputRequest.objects.get().status == "open"
