"""Requests of workflows that live elsewhere: a run for each, without a step."""

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from tests.factories import let_pass
from workflows_app.engine import InputRequestEvent
from workflows_app.engine.emission import as_request
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    RunAbortedError,
    TimeoutError,  # noqa: A004 - engine.md's name
    ValidationError,
)
from workflows_app.engine.state import Request
from workflows_app.models import InputRequest, Run
from workflows_app.runtime.definitions import current_definitions
from workflows_app.runtime.external import Asker, ask, find_decision
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.snapshots import resuming
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db


def question(prompt: str = "Ship it?", **options: object) -> Request:
    event = InputRequestEvent("ship", prompt, choices=["yes", "no"], **options)  # type: ignore[arg-type]
    return as_request(event)


def test_a_question_waits_as_a_run_until_it_is_decided(ada: User) -> None:
    run_id = ask(question(), asker=Asker(user=ada, tags={"order": "7"}))
    run = Run.objects.get(pk=run_id)
    assert (run.status, run.workflow, run.started_by) == ("waiting", "external", ada)
    assert run.tags == {"order": "7"}
    assert find_decision(run) is None

    Handler(run_id).respond("ship", Answer(outcome="yes", user=ada, door="api"))

    run = Run.objects.get(pk=run_id)
    decision = find_decision(run)
    assert run.status == "completed"
    assert decision is not None
    assert {k: v for k, v in decision.items() if k != "votes"} == {
        "request_id": "ship",
        "response": "yes",
        "outcome": "yes",
        "reason": "",
        "responder": "ada",
        "door": "api",
    }


def test_the_same_key_gives_the_question_that_was_asked() -> None:
    first = ask(question(), key="k")

    assert ask(question(), key="k") == first
    with pytest.raises(ValidationError):
        ask(question("Ship what?"), key="k")
    assert InputRequest.objects.count() == 1


def test_it_is_answered_once() -> None:
    run_id = ask(question())
    handler = Handler(run_id)
    handler.respond_to_input("ship", "no")

    assert handler.respond_to_input("ship", "no").duplicate
    with pytest.raises(AlreadyAnsweredError):
        handler.respond_to_input("ship", "yes")


def test_nobody_decided_in_time() -> None:
    run_id = ask(question(expires_in=60))
    let_pass(run_id, 61)

    Watcher().look()

    with pytest.raises(TimeoutError) as late:
        find_decision(Run.objects.get(pk=run_id))
    assert (late.value.scope, late.value.request_id) == ("request", "ship")


def test_a_question_that_is_taken_back_has_no_decision() -> None:
    run_id = ask(question())
    Handler(run_id).abort("not any more")

    with pytest.raises(RunAbortedError, match="not any more"):
        find_decision(Run.objects.get(pk=run_id))


def test_its_workflow_is_not_offered_to_be_started() -> None:
    ask(question())

    assert not current_definitions().filter(name="external").exists()


def test_it_goes_on_from_a_snapshot() -> None:
    run_id = ask(question())
    snapshot = Handler(run_id).snapshot()
    Run.objects.all().delete()

    resuming.resume(snapshot)

    Handler(run_id).respond_to_input("ship", "yes")
    assert Run.objects.get().status == "completed"


@pytest.mark.django_db(transaction=True)
def test_a_question_of_a_rolled_back_transaction_was_never_asked() -> None:
    with transaction.atomic():
        ask(question())
        transaction.set_rollback(True)

    assert not InputRequest.objects.exists()
