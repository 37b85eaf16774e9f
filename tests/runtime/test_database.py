"""Database work beside a loop: kept connections, and none that holds a lock for long."""

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from tests.journeys.house import wait_for
from workflows_app.runtime.worker.database import AWAY, BRIEF, PATIENT, DatabaseThreads
from workflows_app.stream.wakeup import connection_parameters

pytestmark = pytest.mark.django_db(transaction=True)


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        (found,) = cursor.fetchone()
    return str(found)


def hang_up() -> None:
    connection.close()


def freeze() -> None:
    """Stand still in a transaction until the server has had enough."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        pid = connection.connection.info.backend_pid
        wait_for_death(pid)
        cursor.execute("SELECT 1")


def wait_for_death(pid: int) -> None:
    with psycopg.connect(**connection_parameters(), autocommit=True) as looking:
        count = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        wait_for(lambda: looking.execute(count, [pid]).fetchall() == [(0,)], seconds=5)


async def test_a_thread_keeps_its_connection() -> None:
    threads = DatabaseThreads(1)

    def raw() -> Any:
        connection.ensure_connection()
        return connection.connection

    assert await threads.run(raw) is await threads.run(raw)
    assert await threads.run(setting) == PATIENT
    await threads.run(hang_up)


async def test_a_frozen_transaction_ends_soon_where_steps_run() -> None:
    threads = DatabaseThreads(1, brief=True)

    assert await threads.run(setting) == BRIEF
    with pytest.raises(AWAY):
        await threads.run(freeze)

    assert await threads.run(setting) == PATIENT, "the next try gets more time"
    await threads.run(hang_up)
