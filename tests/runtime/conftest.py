"""A queue of jobs that nobody else has left something in."""

import pytest
from django.db import connection


@pytest.fixture
def no_jobs(db: None) -> None:
    """Tests with real workers leave jobs, and Django does not know of their table."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pgqueuer")
