"""Runs that do the work of a step of another: never two of them in one transaction."""

import logging
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection, transaction

from tests import families
from tests.factories import (
    deliver_news,
    let_pass,
    make_run,
    run_steps,
    start_run,
    work_on,
)
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    RunAbortedError,
    StepFailedError,
    UnknownRequestError,
)
from workflows_app.models import InputRequest, Message, Receiver, Run, RunInbox
from workflows_app.runtime import transition
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db
YES = Answer(value="yes")


def child_of(run_id: UUID) -> Run:
    return Run.objects.get(parent=run_id)


def test_a_child_belongs_to_whom_its_parent_belongs_to() -> None:
    run = make_run(families.parent)

    child = child_of(run.pk)

    assert child.root_id == run.root_id == run.pk
    assert (child.parent_call, child.parent_attempt, child.parent_branch) == (1, 1, 0)
    assert child.workflow == "family-child"
    assert child.input == run.input
    assert (run.status, child.status) == ("waiting", "waiting")
    assert not run.calls.exists(), "it holds no worker"


def test_its_question_is_answered_through_the_parent() -> None:
    run = make_run(families.parent)
    handler = Handler(run.pk)

    assert [r.request_id for r in handler.pending_requests()] == ["ask-child"]
    assert handler.pending_requests(include_children=False) == []
    handler.respond("ask-child", YES)

    assert run_steps(run.pk).status == "completed"
    assert handler.result().result == ["child said", "yes"]


def test_its_question_is_told_in_the_parents_log() -> None:
    run = make_run(families.parent)

    line = run.events.get(kind="input_requested")

    assert line.content["request_id"] == "ask-child"
    assert line.step == "delegate"


def test_a_child_may_ask_what_no_run_of_its_tree_has_asked() -> None:
    run = make_run(families.both)
    assert Handler(run.pk).pending_requests()[0].request_id == "left"

    with pytest.raises(UnknownRequestError):
        Handler(run.pk).respond("middle", YES)


def test_a_second_answer_through_another_run_of_the_tree_is_told_of_the_first() -> None:
    run = make_run(families.parent)
    child = child_of(run.pk)
    Handler(child.pk).respond("ask-child", YES)

    assert Handler(run.pk).respond("ask-child", YES).duplicate
    with pytest.raises(AlreadyAnsweredError):
        Handler(run.pk).respond("ask-child", Answer(value="no"))


def test_an_answer_kept_for_later_goes_at_once_to_a_question_of_a_child() -> None:
    run = make_run(families.parent)

    Handler(run.pk).respond("ask-child", Answer(value="yes", hold_for=60))

    assert InputRequest.objects.get().status == "answered"


def test_branches_end_in_their_order_and_not_in_that_of_the_answers() -> None:
    run = make_run(families.both)
    handler = Handler(run.pk)

    handler.respond("right", YES)
    run_steps(run.pk)
    handler.respond("left", YES)

    assert run_steps(run.pk).status == "completed"
    assert handler.result().result == ["yes", "yes"]


def test_what_failed_below_is_the_cause_above() -> None:
    run = make_run(families.parent)

    Handler(run.pk).respond("ask-child", Answer(value="no"))

    assert run_steps(run.pk).status == "failed"
    with pytest.raises(StepFailedError) as failed:
        Handler(run.pk).result()
    assert failed.value.step_name == "delegate"
    cause = failed.value.__cause__
    assert isinstance(cause, StepFailedError)
    assert (cause.step_name, cause.message) == ("end_below", "They said no.")


def test_the_first_failure_ends_the_other_branch() -> None:
    run = make_run(families.both)

    Handler(run.pk).respond("left", Answer(value="no"))
    run_steps(run.pk)

    statuses = set(Run.objects.filter(parent=run.pk).values_list("status", flat=True))
    assert statuses == {"failed", "aborted"}
    assert InputRequest.objects.get(request_id="right").status == "withdrawn"


def test_an_abort_goes_down_the_tree() -> None:
    run = make_run(families.parent)

    Handler(run.pk).abort("wrong branch", actor="olga")

    child = child_of(run.pk)
    assert child.status == "aborted"
    assert InputRequest.objects.get().status == "withdrawn"
    with pytest.raises(RunAbortedError) as aborted:
        Handler(run.pk).result()
    assert (aborted.value.reason, aborted.value.actor) == ("wrong branch", "olga")


def test_pause_and_resume_go_down_the_tree() -> None:
    run = make_run(families.parent)
    handler = Handler(run.pk)

    assert handler.hold()
    assert child_of(run.pk).paused
    handler.respond("ask-child", YES)
    run_steps(run.pk)
    assert child_of(run.pk).status == "running"
    handler.resume_in_place()

    assert not child_of(run.pk).paused
    assert run_steps(run.pk).status == "completed"


def test_receivers_are_told_of_the_parent_and_not_of_its_children() -> None:
    Receiver.objects.create(name="crm", url="https://crm.example/", secret="whsec_eA==")
    run = make_run(families.parent)

    Handler(run.pk).abort()

    assert child_of(run.pk).status == "aborted"
    assert Message.objects.get().run == run


def test_news_are_taken_in_once_also_when_they_are_delivered_twice() -> None:
    run = make_run(families.parent)
    child = child_of(run.pk)
    before = child.events.count()

    deliver_news(run.pk)
    transition.deliver([child.pk, run.pk, child.pk])

    assert child.events.count() == before
    assert not RunInbox.objects.exists()


def test_when_its_writer_dies_after_the_commit_a_watcher_delivers_the_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_run(families.parent)
    monkeypatch.setattr(transition, "deliver", lambda told: None)  # it dies here
    Handler(run.pk).hold()
    child = child_of(run.pk)
    assert not child.paused
    monkeypatch.undo()

    Watcher().look()
    assert not child_of(run.pk).paused, "its writer may still be about to"
    let_pass(child.pk, 2)
    Watcher().look()

    assert child_of(run.pk).paused
    assert child.events.filter(kind="run_paused").count() == 1


def test_news_that_cannot_be_read_keep_nobody_else_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run, other = make_run(families.parent), make_run(families.parent)
    child = child_of(run.pk)
    RunInbox.objects.create(target=child, sender=run.pk, number=1, tick="[]")

    with caplog.at_level(logging.CRITICAL, "workflows_app.runtime.transition"):
        transition.deliver([child.pk])
        Handler(other.pk).hold()

    assert child.inbox.count() == 1
    assert child_of(other.pk).paused


def test_a_child_has_its_parents_priority() -> None:
    definition = families.parent.definition
    wanted = Start(event=start_event(definition, {}), priority=7)

    run_id = start(definition, wanted)

    assert child_of(run_id).priority == 7


@pytest.mark.django_db(transaction=True)
def test_a_start_in_somebody_elses_transaction_starts_children_after_it() -> None:
    with transaction.atomic():
        run_id = start_run(families.parent)
        assert RunInbox.objects.count() == 1
    child = child_of(run_id)
    assert child.status == "running"
    assert child.events.first().kind == "run_started"  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_a_family_in_real_transactions_comes_to_its_end() -> None:
    run_id = start_run(families.both)
    left, right = Run.objects.filter(parent=run_id).order_by("parent_branch")
    work_on(left.pk, 1)
    work_on(right.pk, 1)
    handler = Handler(run_id)
    handler.respond("left", YES)
    handler.respond("right", YES)

    assert run_steps(run_id).status == "completed"
    assert not RunInbox.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_eight_who_deliver_the_same_news_deliver_them_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_run(families.parent)
    child = child_of(run.pk)
    monkeypatch.setattr(transition, "deliver", lambda told: None)
    Handler(run.pk).hold()
    monkeypatch.undo()

    def give(_: int) -> None:
        try:
            transition.deliver([child.pk])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(give, range(8)))

    assert child.events.filter(kind="run_paused").count() == 1
    assert not child.inbox.exists()
