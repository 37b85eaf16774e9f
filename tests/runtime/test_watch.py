"""Moments that have come, as the watch loop finds them."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import DataError, connection
from django.db.models import F

from tests import flows
from tests.factories import let_pass, make_run, start_run
from workflows_app.engine.ticks import CallClaimed, Tick
from workflows_app.models import Call, InputRequest, Run
from workflows_app.runtime import jobs
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.transition import Applied, apply
from workflows_app.runtime.worker import watch
from workflows_app.runtime.worker.process import Identity, identity
from workflows_app.runtime.worker.watch import Watcher, release_dead
from workflows_app.stream.wakeup import connection_parameters

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=1)


def test_a_lease_that_ran_out_gives_the_call_back() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "gone"))
    Call.objects.update(lease_until=F("lease_until") - LONG_AGO)

    Watcher(lease=0).look()

    assert Call.objects.get().worker == ""
    assert Run.objects.get().events.latest("number").kind == "step_lost"


def test_a_lease_that_holds_is_left_alone() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "alive"))

    Watcher(lease=0).look()

    assert Call.objects.get().worker == "alive"


def test_after_a_lost_connection_no_lease_is_called_lost_for_a_while() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "cut off too"))
    Call.objects.update(lease_until=F("lease_until") - LONG_AGO)

    Watcher(lease=0, trusts_from=float("inf")).look()

    assert Call.objects.get().worker == "cut off too"


def test_a_request_that_is_due_is_closed() -> None:
    run = make_run(flows.hurried)
    let_pass(run.pk, 61)

    Watcher().look()

    assert InputRequest.objects.get().status == "expired"


def test_no_request_of_a_paused_run_expires() -> None:
    run = make_run(flows.hurried)
    Handler(run.pk).pause()
    let_pass(run.pk, 61)

    Watcher().look()

    assert InputRequest.objects.get().status == "open"


def test_a_crashed_database_is_reminded_of_its_jobs(no_jobs: None) -> None:
    start_run()
    before = jobs.count_waiting()
    assert before == 1

    Watcher(postmaster="another").look()

    assert jobs.count_waiting() == 1, "a job that is there is not doubled"


@pytest.mark.django_db(transaction=True)
def test_a_run_that_somebody_holds_does_not_keep_the_others_waiting() -> None:
    held, free = start_run(), start_run()
    for run_id in (held, free):
        apply(run_id, CallClaimed(1, "gone"))
    Call.objects.filter(run_id=held).update(lease_until=F("lease_until") - 2 * LONG_AGO)
    Call.objects.filter(run_id=free).update(lease_until=F("lease_until") - LONG_AGO)

    with psycopg.connect(**connection_parameters()) as holder:
        holder.execute(
            "SELECT 1 FROM workflows_app_run WHERE id = %s FOR NO KEY UPDATE", [held]
        )
        Watcher(lease=0).look()

    assert Call.objects.get(run_id=held).worker == "gone"
    assert Call.objects.get(run_id=free).worker == ""


def test_a_tick_that_cannot_be_stored_does_not_keep_the_others_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd, other = make_run(flows.hurried), make_run(flows.hurried)
    for run in (odd, other):
        let_pass(run.pk, 100)

    def apply_most(run_id: UUID, tick: Tick) -> Applied:
        if run_id == odd.pk:
            raise DataError("value too long")
        return apply(run_id, tick)

    monkeypatch.setattr(watch, "apply", apply_most)
    Watcher().look()

    assert InputRequest.objects.get(run=other).status == "expired"


def test_a_ready_call_whose_job_was_lost_gets_another(no_jobs: None) -> None:
    start_run()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pgqueuer")
    Call.objects.update(ready_at=F("ready_at") - timedelta(seconds=6))
    watcher = Watcher()
    watcher.look()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pgqueuer")

    watcher.look()
    assert jobs.count_waiting() == 0, "not at every look"
    watcher.reminds_from = 0.0
    watcher.look()
    assert jobs.count_waiting() == 1


def test_what_a_dead_process_of_this_machine_had_claimed_is_free_at_once() -> None:
    me = identity()
    apply(start_run(), CallClaimed(1, str(Identity(me.host, me.pid, "earlier"))))
    apply(start_run(), CallClaimed(1, str(me)))
    apply(start_run(), CallClaimed(1, str(Identity("elsewhere", 1, "1"))))

    assert release_dead() == 1
    assert Call.objects.exclude(worker="").count() == 2
