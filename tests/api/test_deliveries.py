"""Deliveries by the API: what came, what would come of it now, and doing it. For operators."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from tests.flows import approval
from tests.intake.doors import make_source, post
from workflows_app.models import Delivery, IdempotencyKey, Run, Scope, Source

from .conftest import Program
from .test_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
Programs = Callable[..., Program]
SUBJECT = {"input": {"subject": {"body": "/subject"}}}


@pytest.fixture
def source(db: None) -> Source:
    """Starts runs; what it sends has a subject, or is refused."""
    return make_source(approval, mapping=SUBJECT)


def refused_delivery() -> Delivery:
    assert post("hmac", {"title": "a"}).status_code == 400
    return Delivery.objects.latest("id")


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_an_operator_reads_what_came_and_what_came_of_it(
    olga: User, program: Programs, source: Source
) -> None:
    post("hmac", {"subject": "a"})
    refused_delivery()
    ours = program(olga, Scope.READ)

    refused, started = ours.get("/deliveries").json()["items"]
    whole = ours.get(f"/deliveries/{refused['id']}").json()

    assert (started["source"], started["result"]) == ("hmac", "started")
    assert started["run_id"] == str(Run.objects.get().pk)
    assert (refused["result"], refused["status"], refused["run_id"]) == (
        "refused",
        400,
        None,
    )
    assert "/subject" in refused["detail"]
    assert (whole["body"], whole["encoding"]) == ('{"title": "a"}', "utf-8")


def test_a_body_that_is_no_text_comes_in_base64(
    olga: User, program: Programs, source: Source
) -> None:
    post("hmac", b"\xff")

    delivery = Delivery.objects.get()
    told = program(olga).get(f"/deliveries/{delivery.pk}").json()

    assert (told["body"], told["encoding"]) == ("/w==", "base64")


def test_the_list_is_narrowed_and_read_page_by_page(
    olga: User,
    program: Programs,
    source: Source,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(3):
        post("hmac", {"subject": f"{number}"})
    refused = refused_delivery()
    ours = program(olga)
    ours.get("/deliveries")

    with django_assert_num_queries(3):  # token, groups, page
        first = ours.get("/deliveries", result="started", limit=2).json()
    rest = ours.get(
        "/deliveries", result="started", limit=2, cursor=first["next"]
    ).json()

    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    assert not any(each in first["items"] for each in rest["items"])
    [only] = ours.get("/deliveries", result="refused", source="hmac").json()["items"]
    assert only["id"] == str(refused.pk)
    assert ours.get("/deliveries", source="other").json()["items"] == []
    assert error(ours.get("/deliveries", result="odd")) == (400, "invalid_input")
    assert error(ours.get("/deliveries", sauce="hmac")) == (400, "unknown_parameter")


def test_what_would_come_of_it_is_told_and_nothing_comes(
    olga: User, program: Programs, source: Source
) -> None:
    delivery, ours = refused_delivery(), program(olga)
    hindered = ours.get(f"/deliveries/{delivery.pk}/trial").json()
    Source.objects.update(mapping='{"input": {"subject": {"body": "/title"}}}')

    told = ours.get(f"/deliveries/{delivery.pk}/trial").json()

    assert hindered["problems"] == ["input.subject: The body has nothing at /subject."]
    assert told == {
        "intent": "It would start a run of approval.",
        "values": {"input": {"subject": "a"}},
        "problems": [],
    }
    assert not Run.objects.exists()


def test_what_was_refused_is_replayed_when_the_mapping_is_mended(
    olga: User, program: Programs, source: Source
) -> None:
    delivery, ours = refused_delivery(), program(olga)
    replay = f"/deliveries/{delivery.pk}/replay"
    again = ours.post(replay)
    Source.objects.update(mapping='{"input": {"subject": {"body": "/title"}}}')

    done = ours.post(replay, key="r")
    told = ours.post(replay, key="r")

    assert (again.status_code, again.json()["result"]) == (200, "refused")
    assert (done.status_code, done.json()["result"]) == (200, "started")
    assert done.json()["run_id"] == str(Run.objects.get().pk)
    assert done.json()["times_received"] == 1
    assert (told.content, told["Idempotency-Replayed"]) == (done.content, "true")


def test_what_has_come_to_something_stays_also_when_the_key_was_lost(
    olga: User, program: Programs, source: Source
) -> None:
    post("hmac", {"subject": "a"})
    delivery, ours = Delivery.objects.get(), program(olga)
    replay = f"/deliveries/{delivery.pk}/replay"
    first = ours.post(replay, key="r")
    IdempotencyKey.objects.all().delete()

    second = ours.post(replay, key="r")

    assert second.json() == first.json()
    assert first.json()["result"] == "started"
    assert Run.objects.count() == 1
    [problem] = ours.get(f"/deliveries/{delivery.pk}/trial").json()["problems"]
    assert "counts once" in problem


def test_many_replays_at_once_are_one(
    olga: User, program: Programs, source: Source
) -> None:
    delivery, ours = refused_delivery(), program(olga)
    Source.objects.update(mapping='{"input": {"subject": {"body": "/title"}}}')
    replay = f"/deliveries/{delivery.pk}/replay"

    same = at_once(6, lambda: ours.post(replay, key="r"))
    others = at_once(6, lambda: ours.post(replay))

    assert {each.status_code for each in same + others} == {200}
    assert len({each.json()["run_id"] for each in same + others}) == 1
    assert Run.objects.count() == 1
    delivery.refresh_from_db()
    assert (delivery.times_received, delivery.conflicts) == (1, 0)


def test_nothing_is_replayed_while_its_source_is_not_on(
    olga: User, program: Programs, source: Source
) -> None:
    Source.objects.update(mode="trial")
    post("hmac", {"subject": "a"})
    delivery = Delivery.objects.get()

    reply = program(olga).post(f"/deliveries/{delivery.pk}/replay", key="r")

    assert error(reply) == (409, "source_not_on")
    assert not Run.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_for_everybody_else_there_are_no_deliveries(
    ada: User, olga: User, program: Programs, source: Source
) -> None:
    delivery = refused_delivery()
    one = f"/deliveries/{delivery.pk}"

    for path in ("/deliveries", one, f"{one}/trial"):
        assert error(program(ada).get(path)) == (404, "not_found")
    assert error(program(ada).post(f"{one}/replay")) == (404, "not_found")
    assert error(program(olga, Scope.READ).post(f"{one}/replay")) == (
        403,
        "missing_scope",
    )
    assert error(program(olga, Scope.ASK).get(one)) == (403, "missing_scope")
