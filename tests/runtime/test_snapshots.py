"""Snapshots: out of one database, into another."""

import json
from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from tests import flows
from tests.factories import let_pass, make_run, run_steps, start_run
from workflows_app.engine import Workflow
from workflows_app.engine.errors import (
    IncompatibleSnapshotError,
    SnapshotFormatError,
    SnapshotVersionError,
    StaleSnapshotError,
)
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.ticks import CallClaimed
from workflows_app.models import Call, Run
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.snapshots import resuming
from workflows_app.runtime.snapshots import taking as snapshots
from workflows_app.runtime.transition import apply

pytestmark = pytest.mark.django_db
YES = Answer(value={"amount": 5}, outcome="approve")


def move(snapshot: Snapshot) -> Snapshot:
    """To a database that never saw the run, as text."""
    text = snapshot.dump()
    Run.objects.all().delete()
    return Snapshot.load(text)


def test_a_waiting_run_goes_on_in_another_database() -> None:
    run = make_run(subject="Deploy?")
    moved = move(Handler(run.pk).snapshot())

    resuming.resume(moved)

    assert Run.objects.get(pk=run.pk).status == "waiting"
    Handler(run.pk).respond("approve", YES)
    assert run_steps(run.pk).status == "completed"
    assert Handler(run.pk).result().result["subject"] == "Deploy?"
    assert run.events.filter(kind="step_started", step="ask").count() == 1


def test_what_was_running_runs_again_elsewhere() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "gone"))
    moved = move(Handler(run_id).snapshot())

    resuming.resume(moved)

    call = Call.objects.get(run_id=run_id)
    assert (call.worker, call.attempt) == ("", 1)
    assert run_steps(run_id).status == "waiting"


def test_a_deadline_goes_on_with_what_was_left_of_it() -> None:
    workflow = Workflow("dated-copy", [flows.ask_soon, flows.decide], deadline=300)
    run = make_run(workflow)
    let_pass(run.pk, 100)
    snapshot = Handler(run.pk).snapshot()
    old = replace(snapshot, taken_at=snapshot.taken_at - 10_000)

    copy = resuming.resume(old, as_new_run=True)

    ends = [Run.objects.get(pk=pk).timeout_at for pk in (copy, run.pk)]
    seconds = [end.timestamp() for end in ends if end is not None]
    assert seconds[0] - seconds[1] == pytest.approx(10_000, abs=60)


def test_a_run_may_come_paused() -> None:
    run_id = start_run()
    moved = move(Handler(run_id).snapshot())

    resuming.resume(moved, paused=True)

    assert Run.objects.get(pk=run_id).paused
    assert not Call.objects.exists()
    Handler(run_id).resume_in_place()
    assert run_steps(run_id).status == "waiting"


def test_twice_is_the_same_as_once() -> None:
    run = make_run()
    moved = move(Handler(run.pk).snapshot())

    assert resuming.resume(moved) == resuming.resume(moved) == run.pk
    assert run.events.filter(kind="run_resumed").count() == 1


def test_a_paused_run_is_resumed_where_it_is() -> None:
    run_id = start_run()
    handler = Handler(run_id)
    handler.pause()

    resuming.resume(handler.snapshot())

    assert not Run.objects.get(pk=run_id).paused


def test_a_run_that_has_gone_on_is_not_turned_back() -> None:
    run = make_run()
    old = Handler(run.pk).snapshot()
    Handler(run.pk).respond("approve", YES)

    with pytest.raises(StaleSnapshotError):
        resuming.resume(old)


def test_a_kept_snapshot_is_the_run_as_it_was_then() -> None:
    run = make_run()
    Handler(run.pk).respond("approve", YES)
    run_steps(run.pk)
    waiting = run.snapshots.get(cause="waiting")

    snapshot = snapshots.read(waiting)

    assert [request["status"] for request in snapshot.requests] == ["open"]
    assert snapshot.result is None
    assert [event["number"] for event in snapshot.events][-1] == waiting.number


def test_answers_and_starters_travel(ada: User) -> None:
    run_id = start_run(user=ada)
    run_steps(run_id)
    Handler(run_id).respond("approve", Answer(value={"amount": 5}, user=ada))
    finished = run_steps(run_id)
    moved = move(Handler(run_id).snapshot())

    resuming.resume(moved)

    run = Run.objects.get(pk=run_id)
    assert (run.status, run.started_by, run.result) == (
        "completed",
        ada,
        finished.result,
    )
    assert run.requests.get().responses.get().responder == "ada"
    assert run.last_number == finished.last_number


def test_without_its_workflow_a_run_does_not_go_on() -> None:
    data = json.loads(Handler(make_run().pk).snapshot().dump())
    data["workflow_name"] = "never-heard-of"

    with pytest.raises(IncompatibleSnapshotError):
        resuming.resume(Snapshot.load(data))


def test_without_the_step_for_its_answer_a_run_does_not_go_on() -> None:
    run = make_run(flows.two_branches)
    data = json.loads(Handler(run.pk).snapshot().dump())
    data["workflow_name"] = "approval"
    data["state"] = data["state"].replace('"digest"', '"respond_as":["No",[]],"digest"')
    Run.objects.all().delete()

    with pytest.raises(IncompatibleSnapshotError, match="No, the answer to 'left'"):
        resuming.resume(Snapshot.load(data))
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"format": "holdpoint/snapshot", "version": "1"}',
        "[" * 9999,
    ],
)
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(SnapshotFormatError):
        Snapshot.load(text)


def test_a_newer_version_is_refused_by_its_number() -> None:
    with pytest.raises(SnapshotVersionError):
        Snapshot.load('{"format": "holdpoint/snapshot", "version": 2}')


def test_a_missing_or_wrong_field_is_named() -> None:
    data = json.loads(Handler(make_run().pk).snapshot().dump())

    with pytest.raises(SnapshotFormatError, match=r"\$\.state"):
        Snapshot.load({**data, "state": "{}"})
    with pytest.raises(SnapshotFormatError, match=r"\$\.values"):
        Snapshot.load({**data, "values": 3})


def _tampered(**changes: object) -> str:
    """A waiting run's snapshot, changed in its state, from a database without it."""
    data = json.loads(Handler(make_run().pk).snapshot().dump())
    state = json.loads(data["state"])
    state.update(changes)
    Run.objects.all().delete()
    return json.dumps({**data, "state": json.dumps(state)})


@pytest.mark.parametrize(
    "changes",
    [
        {"last_call": "x"},
        {"status": "happy"},
        {"calls": [1]},
        {"requests": []},
        {"active_since": "noon"},
    ],
)
def test_a_state_that_was_tampered_with_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SnapshotFormatError, match=r"\$\.state"):
        Snapshot.load(_tampered(**changes))


def test_a_question_that_was_changed_on_the_way_is_refused() -> None:
    text = _tampered()

    with pytest.raises(SnapshotFormatError, match="has been changed"):
        Snapshot.load(text.replace("May this be done", "Shall we dance"))


@pytest.mark.parametrize(
    "broken",
    [
        {"values": {"k": 1}},
        {"events": [{"number": 1}]},
        {"run": {}},
        {"input": "\0"},
        {"run_id": "nobody"},
    ],
)
def test_what_cannot_be_imported_leaves_nothing_behind(
    broken: dict[str, object],
) -> None:
    data = {**json.loads(_tampered()), **broken}

    with pytest.raises(SnapshotFormatError):
        resuming.resume(Snapshot.load(data))

    assert not Run.objects.exists()


def test_lines_of_a_snapshot_bring_no_ids_of_their_own() -> None:
    data = json.loads(_tampered())
    data["events"][0]["id"] = 10**12

    run_id = resuming.resume(Snapshot.load(data))

    assert Run.objects.get(pk=run_id).events.filter(pk__gte=10**12).count() == 0
