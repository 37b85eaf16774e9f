"""A worker on the test's database, and empty databases beside it."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from pytest_django import DjangoDbBlocker

from workflows_app import models
from workflows_app.models import Run
from workflows_app.runtime.handler import Handler
from workflows_app.stream.wakeup import connection_parameters

from .flows.running import echoing
from .processes import Worker, database_url, run_program

MIGRATE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
_numbers = count(1)


@pytest.fixture(scope="package")
def worker_process(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Worker]:
    """Started, and at work: it has done a run before the first test begins."""
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    with Worker(database_url(), log) as worker:
        with django_db_blocker.unblock():
            echoing[0].start({}).sync.result(timeout=60)
            Run.objects.all().delete()
        yield worker
    with django_db_blocker.unblock():  # it has left word of its end
        models.Worker.objects.all().delete()


@pytest.fixture
def worker(transactional_db: None, worker_process: Worker) -> Iterator[Worker]:
    """A worker that runs the flows of this package; no run outlives its test."""
    yield worker_process
    for run in Run.objects.filter(finished_at=None, parent=None):
        Handler(run.pk).abort("The test is over.")


@pytest.fixture(scope="package")
def empty_template(django_db_setup: None) -> Iterator[str]:
    """A database with our tables and nothing in them, to make others of."""
    name = f"{connection.settings_dict['NAME']}_empty"
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _execute("CREATE DATABASE {}", name)
    run_program(database_url(name), MIGRATE)
    yield name
    _execute("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def elsewhere(empty_template: str) -> Iterator[str]:
    """The address of an empty database that no other process knows."""
    name = f"{empty_template}_{next(_numbers)}"
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _execute("CREATE DATABASE {} TEMPLATE {}", name, empty_template)
    yield database_url(name)
    _execute("DROP DATABASE {} WITH (FORCE)", name)


def _execute(statement: str, *names: str) -> None:
    there = connection_parameters() | {"dbname": "postgres"}
    with closing(psycopg.connect(**there, autocommit=True)) as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
