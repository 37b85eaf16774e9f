"""Whether the process lives, and whether it can do its work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def _fail(*_: Any) -> NoReturn:
    raise OperationalError("connection to server at 10.1.2.3 failed")


@contextmanager
def _database_away() -> Iterator[None]:
    with connection.execute_wrapper(_fail):
        yield


def test_a_process_lives_without_a_database() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_a_server_is_ready_when_all_is_there() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "queue": "ok"},
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_server_without_database_is_not_ready_and_says_no_more_than_that() -> None:
    with _database_away():
        answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer.json() == {
        "status": "unavailable",
        "checks": {"database": "unavailable"},
    }
    assert b"10.1.2.3" not in answer.content


@pytest.mark.django_db
def test_a_server_before_its_migrations_is_not_ready() -> None:
    MigrationRecorder(connection).record_unapplied("workflows_app", "0001_initial")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "1 to be applied"


@pytest.mark.django_db
def test_a_server_without_job_queue_is_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pgqueuer")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] == "unavailable"


@pytest.mark.django_db
def test_programs_are_told_to_come_again_while_the_database_is_away() -> None:
    with _database_away():
        program = Client(raise_request_exception=False)
        answer = program.post("/hooks/github/", b"{}", content_type="application/json")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer.json()["error"]["code"] == "database_unavailable"


def test_people_are_told_so_on_a_page(
    signed_in: Callable[[User], Client], olga: User
) -> None:
    client = signed_in(olga)
    client.raise_request_exception = False
    with _database_away():
        answer = client.get("/admin/")
    assert answer.status_code == 503
    assert answer["Content-Type"].startswith("text/html")
    assert b"The database is away" in answer.content
