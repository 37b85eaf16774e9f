"""Runs in PostgreSQL: what commits together, and what happens when two come at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests import flows
from tests.attempts import run_attempt
from tests.factories import let_pass, make_run, run_steps, start_run
from tests.policies import patient
from workflows_app.engine import Workflow
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    RunNotFoundError,
    TimeoutError,  # noqa: A004 - engine.md's name
    ValidationError,
)
from workflows_app.engine.run_state import Stored
from workflows_app.engine.ticks import (
    CallClaimed,
    CallLost,
    StateChange,
    StepCompleted,
)
from workflows_app.models import Call, InputResponse, Run, RunState
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.runtime.transition import apply
from workflows_app.runtime.worker.execute import Granted
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db


def test_a_run_waits_as_a_row_until_somebody_answers() -> None:
    run = make_run(subject="Deploy?")

    assert run.status == "waiting"
    assert run.calls.count() == 0
    assert run.requests.get().subject == "Deploy?"
    assert run.snapshots.get().cause == "waiting"


def test_an_answer_leads_to_the_result() -> None:
    run = make_run(subject="Deploy?")

    answer = Answer(value={"amount": 5}, outcome="approve")
    receipt = Handler(run.pk).respond("approve", answer)

    assert receipt.accepted
    assert not receipt.duplicate
    assert run_steps(run.pk).status == "completed"
    assert Handler(run.pk).result().result == {
        "subject": "Deploy?",
        "outcome": "approve",
        "answer": {"amount": 5},
    }


def test_lines_are_numbered_without_gaps() -> None:
    run = make_run()

    numbers = list(run.events.values_list("number", flat=True))

    assert numbers == list(range(1, len(numbers) + 1))
    assert run.last_number == len(numbers)


def test_two_branches_ask_at_the_same_time() -> None:
    run = make_run(flows.two_branches)
    assert run.requests.filter(status="open").count() == 2

    handler = Handler(run.pk)
    handler.respond("right", Answer(outcome="no"))
    handler.respond("left", Answer(value="yes"))

    assert run_steps(run.pk).status == "completed"
    assert handler.result().result == ["left:yes", "right:no"]


def test_a_call_is_claimed_once() -> None:
    run_id = start_run()

    first = apply(run_id, CallClaimed(1, "one"))
    second = apply(run_id, CallClaimed(1, "two"))

    assert first.granted is not None
    assert second.granted is None
    assert Call.objects.get(run_id=run_id).worker == "one"


def test_the_result_of_a_superseded_attempt_is_not_written() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "frozen"))
    apply(run_id, CallLost(1, 1))

    apply(run_id, StepCompleted(1, 1))

    run = Run.objects.get(pk=run_id)
    assert run.status == "running"
    assert run.events.latest("number").kind == "step_discarded"


def test_a_tick_for_no_run_says_so() -> None:
    with pytest.raises(RunNotFoundError):
        apply(uuid4(), CallClaimed(1, "one"))


@pytest.mark.django_db(transaction=True)
def test_a_run_that_starts_in_a_rolled_back_transaction_never_was() -> None:
    with transaction.atomic():
        start_run()
        transaction.set_rollback(True)

    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_verbs_refuse_to_be_part_of_somebody_elses_transaction() -> None:
    run = make_run()

    with transaction.atomic(), pytest.raises(RuntimeError):
        Handler(run.pk).pause()


def _start(key: str, subject: str) -> object:
    definition = flows.approval.definition
    event = start_event(definition, {"subject": subject})
    return start(definition, Start(event=event, idempotency_key=key))


def test_the_same_key_and_input_give_the_same_run() -> None:
    assert _start("k", "a") == _start("k", "a")
    assert Run.objects.count() == 1


def test_the_order_of_the_fields_makes_no_other_input() -> None:
    definition = Workflow("untyped", [flows.ask_soon, flows.decide]).definition
    fields = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    events = [start_event(definition, each) for each in fields]

    for event in events:
        start(definition, Start(event=event, idempotency_key="k"))

    assert Run.objects.count() == 1


def test_the_same_key_with_another_input_is_refused() -> None:
    _start("k", "a")

    with pytest.raises(ValidationError):
        _start("k", "b")


def test_input_that_does_not_fit_starts_nothing() -> None:
    with pytest.raises(ValidationError, match="colour"):
        start_run(colour="red")

    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_answers_at_once_one_is_accepted() -> None:
    run = make_run()

    def answer(number: int) -> str:
        try:
            value = {"amount": number}
            Handler(run.pk).respond("approve", Answer(value=value, outcome="approve"))
        except AlreadyAnsweredError as error:
            return error.responder
        except EngineError as error:
            return repr(error)
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(answer, range(20)))

    assert sorted(replies) == ["accepted", *["program"] * 19]
    assert InputResponse.objects.count() == 1
    assert run.events.filter(kind="input_received").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_claims_at_once_one_is_granted() -> None:
    run_id = start_run()

    def claim(number: int) -> bool:
        try:
            return apply(run_id, CallClaimed(1, f"w{number}")).granted is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(claim, range(20))) == 1


# State that several attempts write


def _completed(call: int, *changes: StateChange) -> StepCompleted:
    return StepCompleted(call, 1, emitted=(), changes=changes)


def _two_running() -> UUID:
    """A run with two calls under way at the same time."""
    run_id = start_run(flows.two_branches)
    granted = Granted.find(apply(run_id, CallClaimed(1, "one")))
    assert granted is not None
    apply(run_id, run_attempt(granted)[0].tick)
    apply(run_id, CallClaimed(2, "one"))
    apply(run_id, CallClaimed(3, "two"))
    return run_id


def test_a_mutation_of_what_has_changed_is_only_computed_again() -> None:
    run_id = _two_running()
    apply(run_id, _completed(2, StateChange("n", "set", "1")))
    before = Run.objects.get(pk=run_id).revision

    stale = apply(run_id, _completed(3, StateChange("n", "mutate", "10", read=0)))

    assert stale.stale == {"n": Stored("1", before)}
    assert Run.objects.get(pk=run_id).revision == before
    fresh = StateChange("n", "mutate", "11", read=before)
    assert apply(run_id, _completed(3, fresh)).stale == {}
    assert RunState.objects.get(key="n").text == "11"


def test_what_was_set_after_it_was_read_and_changed_runs_again() -> None:
    run_id = _two_running()
    apply(run_id, _completed(2, StateChange("n", "set", "1")))

    apply(run_id, _completed(3, StateChange("n", "set", "10", read=0)))

    call = Call.objects.get(run_id=run_id)
    assert (call.number, call.attempt, call.worker) == (3, 1, "")
    assert RunState.objects.get(key="n").text == "1"
    assert Run.objects.get().events.filter(kind="step_conflicted").exists()


def test_a_plain_conflict_wins_over_a_mutation() -> None:
    run_id = _two_running()
    both = [StateChange(key, "set", "1") for key in "ab"]
    apply(run_id, _completed(2, *both))

    applied = apply(
        run_id,
        _completed(
            3,
            StateChange("a", "mutate", "2", read=0),
            StateChange("b", "delete", read=0),
        ),
    )

    assert applied.stale == {}
    assert Call.objects.get(run_id=run_id).worker == ""


def test_a_superseded_attempt_computes_nothing_again() -> None:
    run_id = _two_running()
    apply(run_id, _completed(2, StateChange("n", "set", "1")))
    apply(run_id, CallLost(3, 1))

    applied = apply(run_id, _completed(3, StateChange("n", "mutate", "2", read=0)))

    assert applied.stale == {}
    assert Run.objects.get().events.latest("number").kind == "step_discarded"


def test_blind_writes_increments_and_appends_never_conflict() -> None:
    run_id = _two_running()
    apply(run_id, _completed(2, StateChange("n", "set", "1")))

    apply(
        run_id,
        _completed(
            3,
            StateChange("n", "increment", "4"),
            StateChange("l", "append", '["x"]'),
            StateChange("gone", "delete"),
        ),
    )

    kept = dict(RunState.objects.values_list("key", "text"))
    assert kept == {"n": "5", "l": '["x"]'}


def test_what_cannot_be_added_up_is_the_steps_fault() -> None:
    run_id = _two_running()
    apply(run_id, _completed(2, StateChange("n", "set", '"text"')))

    with pytest.raises(TypeError, match="no number"):
        apply(run_id, _completed(3, StateChange("n", "increment", "1")))


# When and in which order calls get workers


def _start_with(**options: Any) -> UUID:
    definition = flows.approval.definition
    return start(definition, Start(event=start_event(definition, {}), **options))


def _priorities() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT priority FROM pgqueuer ORDER BY priority")
        return [row[0] for row in cursor.fetchall()]


def test_jobs_have_the_priority_of_their_run(no_jobs: None) -> None:
    _start_with(priority=5)
    _start_with()

    assert _priorities() == [0, 5]


def test_a_priority_is_a_number_that_a_table_can_hold() -> None:
    with pytest.raises(ValidationError, match="priority"):
        _start_with(priority=2**40)


def test_a_run_that_is_to_start_later_asks_for_no_worker(no_jobs: None) -> None:
    moment = timezone.now() + timedelta(hours=1)

    run_id = _start_with(not_before=moment)

    call = Call.objects.get()
    assert call.not_before == moment
    assert (call.ready_at, call.lease_until) == (None, None)
    assert _priorities() == []
    assert apply(run_id, CallClaimed(1, "one")).granted is None
    let_pass(run_id, 3601)
    Watcher().look()
    assert Call.objects.get().ready_at is not None
    assert _priorities() == [0]


def test_an_id_of_ones_own_is_used_once() -> None:
    run_id = uuid4()

    assert _start_with(run_id=run_id) == run_id
    with pytest.raises(ValidationError, match="already"):
        _start_with(run_id=run_id)


def test_a_back_off_is_a_row_and_holds_no_worker() -> None:
    run_id = start_run(patient)
    for seconds in (10, 20):
        run_steps(run_id)
        call = Call.objects.get()
        assert call.not_before is not None
        assert (call.worker, call.ready_at) == ("", None)
        Watcher().look()
        assert Call.objects.get().ready_at is None
        let_pass(run_id, seconds + 1)
        Watcher().look()

    assert run_steps(run_id).status == "completed"
    assert Handler(run_id).result().result == 3


def test_the_back_off_of_a_paused_run_ends_when_it_is_resumed() -> None:
    run_id = start_run(patient)
    run_steps(run_id)
    Handler(run_id).hold()
    let_pass(run_id, 11)

    Watcher().look()
    assert Call.objects.get().ready_at is None
    Handler(run_id).resume_in_place()

    assert Call.objects.get().ready_at is not None


def test_a_late_run_ends_also_while_it_is_paused() -> None:
    run = make_run(Workflow("dated", [flows.ask_soon, flows.decide], deadline=30))
    Handler(run.pk).hold()
    let_pass(run.pk, 31)

    Watcher().look()

    assert Run.objects.get().status == "timed_out"
    with pytest.raises(TimeoutError) as late:
        Handler(run.pk).result()
    assert (late.value.scope, late.value.run_id) == ("deadline", str(run.pk))
