"""The time by which signatures are old."""

from django.db import connection


def database_time() -> int:
    """Seconds by the database's clock, as all machines have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::bigint")
        (now,) = cursor.fetchone()
    return int(now)
