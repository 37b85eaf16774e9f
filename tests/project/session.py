"""A program that runs each line of its input as SQL, through Django and its pool."""

import json
import sys
from pathlib import Path

from django.conf import settings

from project.database import database_settings


def main() -> None:
    """Answer each line with the rows, or with the name of the error."""
    settings.configure(
        DATABASES={"default": database_settings(Path.cwd())}, USE_TZ=True
    )
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(line)) + "\n")
        sys.stdout.flush()


def run(sql: str) -> object:
    """Run one statement on a connection of its own, as a request does."""
    from django.db import DatabaseError, connection  # noqa: PLC0415 - needs settings

    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None
    except DatabaseError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()


if __name__ == "__main__":
    main()
