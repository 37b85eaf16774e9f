"""Votes, decisions that can be undone, and requests that change hands."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from tests.factories import let_pass, make_run, run_steps, start_run
from tests.policies import asking, late, slow_deadline, two_needed, undoable
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    InvalidResponseError,
    NotAllowedError,
    RunFinishedError,
    SerializationError,
    UnknownRequestError,
    ValidationError,
)
from workflows_app.engine.events import InputResponseEvent
from workflows_app.models import InputRequest, InputResponse, Run
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db


def approved_by(user: User, **more: Any) -> Answer:
    """An answer from the browser, where there is time to take it back."""
    return Answer(user=user, outcome="approve", door="browser", **more)


def test_the_second_of_two_votes_decides(ada: User, bob: User) -> None:
    handler = Handler(make_run(two_needed).pk)

    handler.respond("q", Answer(outcome="approve", user=ada))
    assert InputRequest.objects.get().status == "open"
    handler.respond("q", Answer(outcome="approve", user=bob))

    assert InputRequest.objects.get().status == "answered"
    votes = InputResponse.objects.order_by("at").values_list("responder", "decides")
    assert list(votes) == [("ada", False), ("bob", True)]


def test_one_persons_second_vote_counts_once(ada: User) -> None:
    handler = Handler(make_run(two_needed).pk)
    first = handler.respond("q", Answer(outcome="approve", user=ada))

    again = handler.respond("q", Answer(outcome="approve", user=ada))
    with pytest.raises(AlreadyAnsweredError):
        handler.respond("q", Answer(outcome="reject", reason="no", user=ada))

    assert again.duplicate
    assert again.at == first.at
    assert InputResponse.objects.count() == 1


def test_a_vote_can_be_taken_back_and_stays_on_record(ada: User) -> None:
    run = make_run(two_needed)
    handler = Handler(run.pk)
    handler.respond("q", Answer(outcome="approve", user=ada))

    handler.withdraw_vote("q", ada)
    handler.respond("q", Answer(outcome="approve", user=ada))

    first, second = InputResponse.objects.order_by("at", "id")
    assert first.withdrawn_at is not None
    assert second.withdrawn_at is None
    assert run.events.filter(kind="vote_withdrawn").exists()


def test_a_decision_waits_for_its_time(ada: User) -> None:
    run = make_run(undoable)
    handler = Handler(run.pk)
    handler.respond("q", approved_by(ada))

    asked = InputRequest.objects.get()
    assert asked.status == "decided"
    assert asked.effective_at == asked.due_at
    Watcher().look()
    assert InputRequest.objects.get().status == "decided"
    let_pass(run.pk, 6)
    Watcher().look()

    assert InputRequest.objects.get().status == "answered"
    assert run_steps(run.pk).status == "completed"


def test_a_decision_is_undone_by_who_made_it_and_by_nobody_else(
    ada: User, bob: User
) -> None:
    handler = Handler(make_run(undoable).pk)
    handler.respond("q", approved_by(ada))

    with pytest.raises(AlreadyAnsweredError):
        handler.withdraw_vote("q", bob)
    handler.withdraw_vote("q", ada)

    asked = InputRequest.objects.get()
    assert (asked.status, asked.effective_at) == ("open", None)
    handler.respond("q", Answer(outcome="reject", reason="no", user=bob))
    assert InputResponse.objects.get(withdrawn_at=None).responder == "bob"


def test_a_decision_that_fell_with_anothers_vote_can_be_made_again(
    ada: User, bob: User
) -> None:
    run = make_run(asking("two-undoable", approvals=2, undo_seconds=5))
    handler = Handler(run.pk)
    handler.respond("q", approved_by(ada))
    handler.respond("q", approved_by(bob))

    handler.withdraw_vote("q", ada)
    assert InputRequest.objects.get().status == "open"
    handler.respond("q", approved_by(ada))

    asked = InputRequest.objects.get()
    assert asked.status == "decided"
    assert asked.decision is not None
    assert asked.decision.responder == "ada"


def test_while_it_can_be_undone_a_decision_stands(ada: User, bob: User) -> None:
    handler = Handler(make_run(undoable).pk)
    given = approved_by(ada, idempotency_key="k")
    handler.respond("q", given)

    assert handler.respond("q", given).duplicate
    with pytest.raises(AlreadyAnsweredError) as refused:
        handler.respond("q", Answer(outcome="reject", reason="no", user=bob))
    assert (refused.value.responder, refused.value.outcome) == ("ada", "approve")


def test_what_counts_already_cannot_be_undone(ada: User) -> None:
    handler = Handler(make_run(undoable).pk)
    handler.respond("q", approved_by(ada, undo=0))

    with pytest.raises(AlreadyAnsweredError):
        handler.withdraw_vote("q", ada)


def test_an_aborted_run_keeps_the_decision_that_was_made(ada: User) -> None:
    handler = Handler(make_run(undoable).pk)
    handler.respond("q", approved_by(ada))

    handler.abort()

    assert InputRequest.objects.get().status == "withdrawn"
    assert InputResponse.objects.get().outcome == "approve"
    with pytest.raises(RunFinishedError):
        handler.respond("q", approved_by(ada))


def test_a_request_is_handed_to_somebody_else(ada: User, eve: User) -> None:
    handler = Handler(make_run(undoable).pk)
    with pytest.raises(NotAllowedError):
        handler.respond("q", Answer(outcome="approve", user=eve))

    handler.delegate("q", ada, to="eve", reason="She knows.")

    assert "eve" in InputRequest.objects.get().assignees
    handler.respond("q", Answer(outcome="approve", user=eve))
    assert InputResponse.objects.get().user == eve


def test_nobody_is_handed_a_request_who_is_not_there(ada: User, eve: User) -> None:
    handler = Handler(make_run(undoable).pk)

    with pytest.raises(NotAllowedError, match="nobody"):
        handler.delegate("q", ada, to="nobody")
    with pytest.raises(NotAllowedError):
        handler.delegate("q", eve, to="ada")


def test_after_a_time_others_may_answer_as_well(dana: User) -> None:
    run = make_run(slow_deadline)
    let_pass(run.pk, 61)

    Watcher().look()

    asked = InputRequest.objects.get()
    assert "leads" in asked.groups
    assert asked.due_at is None
    Handler(run.pk).respond("q", Answer(outcome="approve", user=dana))


def test_an_answer_is_kept_for_a_question_that_is_still_to_come() -> None:
    run_id = start_run(late)
    handler = Handler(run_id)
    receipt = handler.respond_to_input("late", 2, responder="crm", hold_for=60)

    assert receipt.accepted
    assert run_steps(run_id).status == "completed"
    assert handler.result().result == [2, "crm"]


def test_an_answer_is_not_kept_longer_than_wanted() -> None:
    run_id = start_run(late)
    handler = Handler(run_id)
    handler.respond_to_input("late", 2, hold_for=60)
    let_pass(run_id, 61)

    assert run_steps(run_id).status == "waiting"


def test_without_that_an_answer_to_nothing_is_lost() -> None:
    run_id = start_run(late)

    with pytest.raises(UnknownRequestError):
        Handler(run_id).respond_to_input("late", 2)

    assert run_steps(run_id).status == "waiting"


def test_an_answer_to_the_answered_is_not_kept() -> None:
    run = make_run(late)
    handler = Handler(run.pk)
    handler.respond_to_input("late", 2)

    assert handler.respond_to_input("late", 2, hold_for=60).duplicate
    with pytest.raises(AlreadyAnsweredError):
        handler.respond_to_input("late", 1, hold_for=60)


def test_no_request_named_is_an_error() -> None:
    handler = Handler(make_run(late).pk)

    with pytest.raises(TypeError, match="Name the request"):
        handler.respond_to_input(None, 1)  # type: ignore[arg-type]


def test_what_is_no_value_is_refused() -> None:
    handler = Handler(make_run(undoable).pk)

    with pytest.raises(SerializationError):
        handler.respond_to_input("q", object(), outcome="approve")
    assert InputRequest.objects.get().is_open


def test_none_is_an_answer() -> None:
    run = make_run(undoable)

    Handler(run.pk).respond_to_input("q", None)

    assert InputResponse.objects.get().value is None


def test_a_response_event_says_it_all() -> None:
    run = make_run(undoable)
    event = InputResponseEvent("q", None, outcome="reject", reason="too late")

    Handler(run.pk).respond_to_input(event)

    vote = InputResponse.objects.get()
    assert (vote.outcome, vote.reason, vote.responder) == (
        "reject",
        "too late",
        "program",
    )


def test_what_does_not_fit_stays_open() -> None:
    handler = Handler(make_run(undoable).pk)

    with pytest.raises(InvalidResponseError):
        handler.respond_to_input("q", outcome="maybe")
    with pytest.raises(ValidationError):
        handler.respond_to_input("q", outcome="approve", idempotency_key="x" * 300)
    with pytest.raises(ValueError, match="hold_for"):
        handler.respond_to_input("q", outcome="approve", hold_for=-1)
    assert InputRequest.objects.get().is_open


def test_a_paused_run_takes_an_answer_and_goes_on_with_it_later() -> None:
    run = make_run(late)
    handler = Handler(run.pk)
    handler.hold()

    assert handler.respond_to_input("late", 2).accepted

    assert InputRequest.objects.get().status == "answered"
    assert run_steps(run.pk).paused
    assert not Run.objects.get().is_finished
    handler.resume_in_place()
    assert run_steps(run.pk).status == "completed"


@pytest.mark.django_db(transaction=True)
def test_two_votes_at_once_are_both_counted(ada: User, bob: User, dana: User) -> None:
    run = make_run(asking("three-needed", approvals=3))

    def vote(user: User) -> None:
        try:
            Handler(run.pk).respond("q", Answer(outcome="approve", user=user))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(vote, [ada, bob, dana]))

    assert InputRequest.objects.get().status == "answered"
    assert InputResponse.objects.filter(decides=True).count() == 1
    assert InputResponse.objects.count() == 3
