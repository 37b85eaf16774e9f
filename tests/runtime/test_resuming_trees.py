"""Runs that go on elsewhere, or as other runs, with all that works for them."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection

from tests import families, flows
from tests.factories import let_pass, make_run, run_steps, start_run
from tests.policies import late, patient, two_needed, undoable
from workflows_app.engine import (
    Context,
    InputRequestEvent,
    Snapshot,
    StartEvent,
    Workflow,
    step,
)
from workflows_app.engine.errors import (
    IncompatibleSnapshotError,
    SessionNotEmptyError,
    SnapshotFormatError,
    StaleSnapshotError,
)
from workflows_app.engine.state_text import load_state
from workflows_app.models import Call, InputRequest, InputResponse, Run, RunInbox
from workflows_app.runtime import transition
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.snapshots import resuming
from workflows_app.runtime.snapshots import taking as snapshots
from workflows_app.runtime.snapshots.taking import take
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db(transaction=True)
YES = Answer(value="yes")


def move(snapshot: Snapshot) -> Snapshot:
    """To a database that never saw the run, as text."""
    text = snapshot.dump()
    Run.objects.all().delete()
    return Snapshot.load(text)


def child_of(run_id: UUID) -> Run:
    return Run.objects.get(parent=run_id)


def test_children_travel_with_their_parent() -> None:
    run = make_run(families.parent)
    child = child_of(run.pk)
    moved = move(Handler(run.pk).snapshot())

    resuming.resume(moved)

    assert child_of(run.pk).pk == child.pk
    assert not child_of(run.pk).paused
    assert InputRequest.objects.get().root_id == run.pk
    Handler(run.pk).respond("ask-child", YES)
    assert run_steps(run.pk).status == "completed"
    assert Handler(run.pk).result().result == ["child said", "yes"]


def test_news_on_their_way_travel_too(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(families.parent)
    child = child_of(run.pk)
    monkeypatch.setattr(transition, "deliver", lambda told: None)
    Handler(child.pk).respond("ask-child", YES)
    run_steps(child.pk)
    monkeypatch.undo()
    assert run.inbox.count() > 0

    moved = move(Handler(run.pk).snapshot())
    assert [item["sender"] for item in moved.inbox] == [str(child.pk)] * len(
        moved.inbox
    )
    resuming.resume(moved)

    assert run_steps(run.pk).status == "completed"
    assert not RunInbox.objects.exists()


def test_a_tree_comes_paused_and_is_resumed_as_one() -> None:
    run = make_run(families.parent)
    moved = move(Handler(run.pk).snapshot())

    resuming.resume(moved, paused=True)
    assert Run.objects.filter(paused=True).count() == 2
    Handler(run.pk).resume_in_place()

    assert not Run.objects.filter(paused=True).exists()


def test_a_kept_snapshot_has_the_children_of_its_time() -> None:
    run = make_run(families.parent)
    waiting = run.snapshots.get(cause="waiting")
    Handler(run.pk).respond("ask-child", YES)
    run_steps(run.pk)

    snapshot = snapshots.read(waiting)

    (child,) = snapshot.children
    assert load_state(child.state).status == "waiting"
    assert [request["status"] for request in child.requests] == ["open"]
    Snapshot.load(snapshot.dump())


def test_a_fork_is_another_run_with_children_of_its_own() -> None:
    run = make_run(families.parent)
    snapshot = Handler(run.pk).snapshot()
    Handler(run.pk).respond("ask-child", YES)
    assert run_steps(run.pk).status == "completed"

    with pytest.raises(StaleSnapshotError):
        resuming.resume(snapshot)
    fork = resuming.resume(snapshot, as_new_run=True)

    assert fork != run.pk
    other = Run.objects.get(pk=fork)
    assert (other.forked_from, other.resumed_from) == (run.pk, snapshot.revision)
    assert other.root_id == fork
    assert child_of(fork).root_id == fork
    Handler(fork).respond("ask-child", YES)
    assert run_steps(fork).status == "completed"
    assert InputRequest.objects.filter(request_id="ask-child").count() == 2


def test_each_fork_is_a_new_run_with_the_votes_that_had_been_cast(ada: User) -> None:
    run = make_run(two_needed)
    Handler(run.pk).respond("q", Answer(outcome="approve", user=ada))
    snapshot = Handler(run.pk).snapshot()

    forks = {resuming.resume(snapshot, as_new_run=True) for _ in range(2)}

    assert len(forks - {run.pk}) == 2
    assert InputResponse.objects.count() == 3
    assert not Run.objects.filter(pk__in=forks, idempotency_key__isnull=False).exists()


def test_a_snapshot_of_a_child_goes_on_alone() -> None:
    run = make_run(families.parent)
    child = child_of(run.pk)
    moved = move(Handler(child.pk).snapshot())

    resuming.resume(moved)

    alone = Run.objects.get()
    assert (alone.pk, alone.root_id, alone.parent) == (child.pk, child.pk, None)
    Handler(alone.pk).respond("ask-child", YES)
    assert run_steps(alone.pk).status == "completed"


def test_resumed_by_two_processes_at_once_it_is_one_run() -> None:
    run = make_run(families.parent)
    moved = move(Handler(run.pk).snapshot())

    def resume(_: int) -> UUID:
        try:
            return resuming.resume(moved)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(resume, range(4))) == {run.pk}
    assert Run.objects.count() == 2
    assert run.events.filter(kind="run_resumed").count() == 1


def test_back_off_goes_on_with_what_was_left() -> None:
    run_id = start_run(patient)
    run_steps(run_id)
    before = Call.objects.get().not_before
    snapshot = Handler(run_id).snapshot()
    let_pass(run_id, 1000)
    moved = move(snapshot)

    resuming.resume(moved)

    after = Call.objects.get()
    assert after.not_before is not None
    assert before is not None
    assert 0 < (after.not_before - before).total_seconds() < 100
    assert after.attempt == 1


def test_a_decision_that_can_be_undone_travels(ada: User) -> None:
    run = make_run(undoable)
    given = Answer(outcome="approve", user=ada, door="browser")
    Handler(run.pk).respond("q", given)
    moved = move(Handler(run.pk).snapshot())

    resuming.resume(moved)

    asked = InputRequest.objects.get()
    assert asked.status == "decided"
    assert asked.due_at == asked.effective_at
    let_pass(run.pk, 10)
    Watcher().look()
    assert InputRequest.objects.get().status == "answered"
    assert InputResponse.objects.get().decides


def test_an_answer_that_was_kept_travels() -> None:
    run_id = start_run(late)
    Handler(run_id).respond_to_input("late", 2, hold_for=60)
    moved = move(Handler(run_id).snapshot())

    resuming.resume(moved)

    assert run_steps(run_id).status == "completed"


def test_what_a_run_was_started_with_travels() -> None:
    run_id = start_run()
    Run.objects.filter(pk=run_id).update(idempotency_key="k", priority=3)
    moved = move(Handler(run_id).snapshot())

    resuming.resume(moved)

    run = Run.objects.get()
    assert (run.idempotency_key, run.priority) == ("k", 3)


def test_a_key_that_is_taken_here_stays_with_who_has_it() -> None:
    run_id = start_run()
    Run.objects.filter(pk=run_id).update(idempotency_key="k")
    moved = move(Handler(run_id).snapshot())
    other = start_run()
    Run.objects.filter(pk=other).update(idempotency_key="k")

    resuming.resume(moved)

    assert Run.objects.get(pk=run_id).idempotency_key is None


def test_what_is_missing_here_is_all_told_before_anything_is_made() -> None:
    run = make_run(families.both)
    moved = move(Handler(run.pk).snapshot())
    for below in moved.children:
        below.run["note"] = "kept as it is"
    odd = json.loads(moved.dump())
    odd["children"][0]["workflow_name"] = "never-heard-of"
    odd["children"][1]["workflow_name"] = "approval"
    odd["children"][1]["state"] = odd["children"][1]["state"].replace(
        '"digest"', '"respond_as":["No",[]],"digest"'
    )

    with pytest.raises(IncompatibleSnapshotError) as missing:
        resuming.resume(Snapshot.load(odd))

    assert "never-heard-of" in str(missing.value)
    assert "a step for No, the answer to 'right'" in str(missing.value)
    assert not Run.objects.exists()


def test_a_step_that_is_gone_is_named() -> None:
    run_id = start_run()
    moved = move(Handler(run_id).snapshot())
    odd = json.loads(moved.dump())
    odd["state"] = odd["state"].replace('"step":"ask"', '"step":"asked"')

    with pytest.raises(IncompatibleSnapshotError, match="step 'asked' for event Asked"):
        resuming.resume(Snapshot.load(odd))


def test_a_child_that_is_awaited_must_be_there() -> None:
    run = make_run(families.parent)
    odd = json.loads(Handler(run.pk).snapshot().dump())

    with pytest.raises(SnapshotFormatError, match=r"\$\.children"):
        Snapshot.load({**odd, "children": []})
    with pytest.raises(SnapshotFormatError, match=r"\$\.children\[0\]\.state"):
        Snapshot.load({**odd, "children": [{**odd["children"][0], "state": "{"}]})


def test_a_tree_is_taken_at_one_moment() -> None:
    run = make_run(families.parent)

    snapshot = take(run.pk)

    (child,) = snapshot.children
    assert snapshot.taken_at == child.taken_at
    assert snapshot.requests == []
    assert [request["request_id"] for request in child.requests] == ["ask-child"]


def test_what_another_version_adds_is_kept_and_ignored() -> None:
    run = make_run()
    data = json.loads(Handler(run.pk).snapshot().dump())
    data["colour"] = "red"

    moved = move(Snapshot.load(data))

    assert json.loads(moved.dump())["colour"] == "red"
    resuming.resume(moved)
    assert Run.objects.get().status == "waiting"


def test_a_snapshot_of_the_first_days_can_be_resumed() -> None:
    run = make_run()
    data = json.loads(Handler(run.pk).snapshot().dump())
    for name in ("inbox", "children", "dropped_session_keys"):
        del data[name]
    for request in data["requests"]:
        request["response"] = None
        for name in ("responses", "effective_at"):
            del request[name]
    state = json.loads(data["state"])
    state |= {"calls": [], "requests": list(state["requests"].values())}
    data["state"] = json.dumps({"paused": False, **state})
    Run.objects.all().delete()

    resuming.resume(Snapshot.load(data))

    Handler(run.pk).respond("approve", Answer(value={"amount": 5}))
    assert run_steps(run.pk).status == "completed"


# Sessions, which no snapshot can take along


def _with_session(policy: str) -> UUID:
    steps = [hold, flows.decide]
    workflow = Workflow(f"sessions-{policy}", steps, session_pause_policy=policy)
    return make_run(workflow).pk


@step
def hold(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Keep something that lives with the process."""
    ctx.session.set("browser", object())
    return InputRequestEvent("q", "Well?", choices=["yes", "no"])


def test_what_a_session_held_is_listed() -> None:
    run_id = _with_session("warn_drop")

    snapshot = Handler(run_id).pause()

    assert snapshot.dropped_session_keys == ["browser"]
    epoch = load_state(snapshot.state).session_epoch
    resuming.resume(move(snapshot))
    state = load_state(Run.objects.get().state)
    assert state.session_keys == ("browser",)
    assert state.session_epoch > epoch


def test_where_a_session_must_not_get_lost_there_is_no_pause_and_no_snapshot() -> None:
    handler = Handler(_with_session("hard_error"))

    with pytest.raises(SessionNotEmptyError) as refused:
        handler.pause()
    with pytest.raises(SessionNotEmptyError):
        handler.snapshot()

    assert refused.value.keys == ["browser"]
    assert not Run.objects.get().paused
    handler.respond_to_input("q", "yes")
    assert run_steps(handler.run_id).status == "completed"
    assert handler.snapshot().result is not None, "a finished run has no session"
