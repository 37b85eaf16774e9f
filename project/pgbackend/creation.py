"""The test database, which can be dropped while stray connections use it."""

from typing import Any

from django.db import DatabaseError
from django.db.backends.postgresql import creation

DISCONNECT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s
"""


class DatabaseCreation(creation.DatabaseCreation):
    """Makes and drops test databases."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        """Close the pool first, and what came from it: both lead to the real database."""
        self.connection.close()
        self.connection.close_pool()
        return super().create_test_db(*args, **kwargs)

    def _execute_create_test_db(
        self, cursor: Any, parameters: dict[str, str], keepdb: bool = False
    ) -> None:
        """Turn everybody out of a database that is in the way: Django drops it next."""
        try:
            super()._execute_create_test_db(cursor, parameters, keepdb)  # type: ignore[misc]  # stubs lack it
        except DatabaseError:
            cursor.execute(DISCONNECT, [parameters["dbname"].strip('"')])
            raise

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        self.connection.close_pool()
        name = self.connection.ops.quote_name(test_database_name)
        with self._nodb_cursor() as cursor:  # type: ignore[attr-defined]  # stubs lack it
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
