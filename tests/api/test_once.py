"""What is asked twice under one key is done once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F

from tests.factories import make_request, make_run, start_run
from tests.flows import approval
from workflows_app.models import Comment, IdempotencyKey, InputResponse, Run, RunEvent
from workflows_app.runtime import transition
from workflows_app.runtime.definitions import publish

from .conftest import Program

Programs = Callable[..., Program]
START = {"workflow": "approval", "input": {"subject": "a"}}


@pytest.mark.django_db
def test_the_second_time_tells_what_was_told_the_first_time(
    ada: User, program: Programs
) -> None:
    publish(approval.definition)
    ours = program(ada)

    first = ours.post("/runs", START, key="k")
    second = ours.post("/runs", dict(reversed(START.items())), key="k")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_a_key_is_for_one_act(ada: User, program: Programs) -> None:
    publish(approval.definition)
    ours = program(ada)
    ours.post("/runs", START, key="k")

    other = ours.post("/runs", {"workflow": "approval"}, key="k")
    elsewhere = ours.post(f"/runs/{Run.objects.get().pk}/abort", key="k")

    assert [each.status_code for each in (other, elsewhere)] == [409, 409]
    assert other.json()["error"]["code"] == "idempotency_key_reused"
    assert Run.objects.get().status == "running"


@pytest.mark.django_db
def test_a_key_is_remembered_by_the_run_for_ever(ada: User, program: Programs) -> None:
    publish(approval.definition)
    ours = program(ada)
    first = ours.post("/runs", START, key="k").json()
    IdempotencyKey.objects.all().delete()  # the 48 hours are over

    again = ours.post("/runs", START, key="k")
    other = ours.post("/runs", {"workflow": "approval"}, key="k")

    assert again.json()["id"] == first["id"]
    assert other.status_code == 409
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_what_was_refused_may_be_tried_again(ada: User, program: Programs) -> None:
    ours = program(ada)
    assert ours.post("/runs", START, key="k").status_code == 404
    publish(approval.definition)

    assert ours.post("/runs", START, key="k").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["a b", "", "é", "x" * 151])
def test_an_odd_key_is_refused(ada: User, program: Programs, key: str) -> None:
    publish(approval.definition)
    reply = program(ada).post("/runs", START, key=key)

    assert reply.status_code == 400
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_old_keys_make_room(ada: User, program: Programs) -> None:
    publish(approval.definition)
    ours = program(ada)
    for key in "abc":
        ours.post("/runs", START, key=key)
    IdempotencyKey.objects.update(created_at=F("created_at") - timedelta(hours=49))

    ours.post("/runs", START, key="d")

    assert sorted(IdempotencyKey.objects.values_list("key", flat=True)) == ["c", "d"]


@pytest.mark.django_db
def test_steering_twice_steers_once(ada: User, program: Programs) -> None:
    run_id = start_run(user=ada)
    ours = program(ada)

    first = ours.post(f"/runs/{run_id}/pause", key="p")
    ours.post(f"/runs/{run_id}/resume", key="r")
    again = ours.post(f"/runs/{run_id}/pause", key="p")

    assert again.content == first.content
    assert not Run.objects.get().paused
    assert RunEvent.objects.filter(kind="run_paused").count() == 1


@pytest.mark.django_db
def test_nothing_is_kept_of_what_was_not_committed(
    ada: User, program: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start_run(user=ada)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(IdempotencyKey.objects, "create", die)
        with pytest.raises(KeyboardInterrupt):
            program(ada).post(f"/runs/{run_id}/pause", key="p")

    assert not Run.objects.get().paused
    assert program(ada).post(f"/runs/{run_id}/pause", key="p").json()["paused"]


@pytest.mark.django_db
def test_an_answer_after_a_lost_reply_gets_the_first_one(
    ada: User, program: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = make_request()
    ours, body = program(ada), {"response": {"amount": 1}}

    def lose(*_: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(transition, "deliver", lose)  # it comes after the commit
        with pytest.raises(ConnectionResetError):
            ours.post(f"/requests/{asked.pk}/response", body, key="a")

    reply = ours.post(f"/requests/{asked.pk}/response", body, key="a")

    assert reply["Idempotency-Replayed"] == "true"
    assert reply.json()["duplicate"] is False
    assert InputResponse.objects.count() == 1


def at_once(count: int, act: Callable[[], Any]) -> list[Any]:
    barrier = Barrier(count)

    def meet(_: int) -> Any:
        barrier.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(meet, range(count)))


@pytest.mark.django_db(transaction=True)
def test_many_at_once_with_one_key_do_it_once(ada: User, program: Programs) -> None:
    publish(approval.definition)
    asked, ours = make_request(), program(ada)
    run = make_run()
    answer = {"response": {"amount": 1}}

    started = at_once(6, lambda: ours.post("/runs", START, key="s"))
    answered = at_once(
        6, lambda: ours.post(f"/requests/{asked.pk}/response", answer, key="a")
    )
    question = run.requests.get()
    said = at_once(
        6,
        lambda: ours.post(f"/requests/{question.pk}/comments", {"text": "x"}, key="c"),
    )

    for replies in (started, answered, said):
        assert len({reply.content for reply in replies}) == 1
        assert len({reply.status_code for reply in replies}) == 1
    assert InputResponse.objects.count() == 1
    assert Comment.objects.count() == 1
    assert Run.objects.filter(started_by=ada).count() == 1
