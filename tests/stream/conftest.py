"""Runs that can be made to say something, and a database that can hang up."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from workflows_app.stream import subscribe
from workflows_app.stream.wakeup import APPLICATION

END_STREAMS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s
"""


@pytest.fixture
def hang_up() -> Callable[[], object]:
    """Ends every connection of the stream: to read, to listen, to notify."""

    def end_streams() -> None:
        with connection.cursor() as cursor:
            cursor.execute(END_STREAMS, [APPLICATION])
            assert cursor.rowcount

    return sync_to_async(end_streams)


@pytest.fixture
def never_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a wake-up can make a feed look again."""
    monkeypatch.setattr(subscribe, "POLL", 3600.0)


@pytest.fixture
def polling_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribe, "POLL", 0.1)
