"""What workers tell of themselves, and what operators can want of them."""

import os
import socket
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F
from django.utils import timezone

from tests.factories import make_worker, start_run
from workflows_app.engine.errors import WorkerNotFoundError, WorkerStoppedError
from workflows_app.engine.ticks import CallClaimed
from workflows_app.models import Call, Worker
from workflows_app.runtime.effects import LEASE
from workflows_app.runtime.transition import apply
from workflows_app.runtime.worker.clock import AttemptClock, Limits
from workflows_app.runtime.worker.heartbeat import KEPT, Heartbeat, Load
from workflows_app.runtime.worker.held import Held
from workflows_app.runtime.workers import drain, get_worker, list_workers, undrain
from workflows_app.stream.wakeup import connection_parameters

pytestmark = pytest.mark.django_db
IDLE = Load(slots=0, held=[])
NO_PROCESS = 2**22 + 1
"""No kernel gives out such a pid."""


def state(viewer: User, worker: Worker) -> str:
    return get_worker(viewer, worker.pk).state


def held(run_id: UUID) -> Held:
    clock = AttemptClock(Limits(None, None, None), monotonic())
    return Held(run_id, call=1, attempt=1, clock=clock, began=monotonic())


# What operators see


def test_operators_see_each_worker_with_its_load_and_its_last_heartbeat(
    olga: User,
) -> None:
    make_worker(busy=3)

    (report,) = list_workers(olga)

    assert (report.host, report.pid, report.busy, report.slots) == ("web-1", 7, 3, 64)
    assert report.state == "live"
    assert timedelta() <= report.ago < timedelta(seconds=LEASE)


def test_a_worker_is_live_draining_drained_silent_or_stopped(olga: User) -> None:
    long_ago = timezone.now() - timedelta(seconds=LEASE + 1)
    assert state(olga, make_worker()) == "live"
    assert state(olga, make_worker(is_draining=True, busy=1)) == "draining"
    assert state(olga, make_worker(is_draining=True)) == "draining"  # not yet heard
    assert state(olga, make_worker(is_draining=True, slots=0)) == "drained"
    assert state(olga, make_worker(seen_at=long_ago)) == "silent"
    assert state(olga, make_worker(seen_at=long_ago, is_draining=True)) == "silent"
    assert state(olga, make_worker(seen_at=long_ago, stopped_at=long_ago)) == "stopped"


def test_for_others_there_are_no_workers(
    ada: User, dana: User, person: Callable[..., User]
) -> None:
    worker = make_worker()
    gone = person("gone", "operators")
    gone.is_active = False
    for viewer in (ada, dana, gone, AnonymousUser()):
        assert list_workers(viewer) == []
        with pytest.raises(WorkerNotFoundError):
            drain(worker.pk, viewer)
    assert not Worker.objects.get().is_draining


# Draining


def test_a_worker_is_drained_and_given_work_again(olga: User) -> None:
    worker = make_worker()

    assert drain(worker.pk, olga).state == "draining"
    assert drain(worker.pk, olga).state == "draining"
    assert undrain(worker.pk, olga).state == "live"


def test_what_is_not_there_or_has_stopped_cannot_be_drained(olga: User) -> None:
    with pytest.raises(WorkerNotFoundError):
        drain(uuid4(), olga)
    with pytest.raises(WorkerStoppedError):
        drain(make_worker(stopped_at=timezone.now()).pk, olga)


# Heartbeats


def test_a_heartbeat_tells_of_the_load_and_hears_of_a_drain(olga: User) -> None:
    heartbeat, running = Heartbeat(), held(uuid4())
    heartbeat.begin()
    (report,) = list_workers(olga)
    assert (report.host, report.pid) == (socket.gethostname(), os.getpid())
    assert not heartbeat.beat(Load(32, [("executor", running)])).is_draining
    drain(report.id, olga)

    assert heartbeat.beat(Load(32, [("executor", running)])).is_draining

    (report,) = list_workers(olga)
    assert (report.busy, report.slots, report.state) == (1, 32, "draining")
    heartbeat.beat(IDLE)
    assert list_workers(olga)[0].state == "drained"


def test_a_heartbeat_renews_the_leases_that_are_still_held() -> None:
    run_id, lost = start_run(), start_run()
    apply(run_id, CallClaimed(1, "mine"))
    apply(lost, CallClaimed(1, "another's"))
    Call.objects.update(lease_until=F("lease_until") - timedelta(seconds=LEASE))
    was = Call.objects.get(run_id=run_id).lease_until
    assert was is not None
    heartbeat = Heartbeat()
    heartbeat.begin()

    heard = heartbeat.beat(Load(32, [("mine", held(run_id)), ("mine", held(lost))]))

    assert heard.renewed == {(run_id, 1, 1)}
    now = Call.objects.get(run_id=run_id).lease_until
    assert now is not None
    assert now - was > timedelta(seconds=LEASE / 2)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_has_locked_keeps_no_lease_from_being_renewed() -> None:
    run_id = start_run()
    apply(run_id, CallClaimed(1, "mine"))
    heartbeat = Heartbeat()
    heartbeat.begin()
    with psycopg.connect(**connection_parameters()) as other:
        other.execute("SELECT FROM workflows_app_worker FOR UPDATE")

        heard = heartbeat.beat(Load(32, [("mine", held(run_id))]))

    assert heard.renewed == {(run_id, 1, 1)}


def test_a_worker_that_stops_says_so_and_a_late_beat_does_not_raise_it(
    olga: User,
) -> None:
    heartbeat = Heartbeat()
    heartbeat.begin()
    heartbeat.end()

    heartbeat.beat(IDLE)

    assert list_workers(olga)[0].state == "stopped"


def test_a_row_that_was_deleted_is_there_again_after_the_next_beat(olga: User) -> None:
    heartbeat = Heartbeat()
    heartbeat.begin()
    Worker.objects.all().delete()

    assert not heartbeat.beat(IDLE).is_draining

    assert list_workers(olga)[0].state == "live"


def test_a_new_worker_buries_those_of_its_machine_that_ended_without_a_word(
    olga: User,
) -> None:
    host = socket.gethostname()
    dead = make_worker(host=host, pid=NO_PROCESS, busy=2)
    alive = make_worker(host=host, pid=os.getpid())
    elsewhere = make_worker(host="elsewhere", pid=NO_PROCESS)

    Heartbeat().begin()

    assert (state(olga, dead), get_worker(olga, dead.pk).busy) == ("stopped", 0)
    assert state(olga, alive) == "live"
    assert state(olga, elsewhere) == "live"


def test_workers_nobody_has_heard_of_for_a_day_are_forgotten(olga: User) -> None:
    make_worker(seen_at=timezone.now() - timedelta(seconds=KEPT + 60))
    recent = make_worker(seen_at=timezone.now() - timedelta(seconds=KEPT - 60))

    heartbeat = Heartbeat()
    heartbeat.begin()

    assert recent.pk in {worker.id for worker in list_workers(olga)}
    assert len(list_workers(olga)) == 2
