"""The statements of the hot path, by hand: few, prepared, one for each row set.

The ORM would cost several times the CPU of the transition itself (performance.md, 1).
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.contrib.auth.models import Group, User
from django.db import connection

from workflows_app.models import (
    Call,
    Claim,
    Definition,
    InputRequest,
    InputResponse,
    MailWish,
    Message,
    Receiver,
    Run,
    RunEvent,
    RunInbox,
    RunState,
    Snapshot,
    Worker,
)

_TABLES = {
    model.__name__: model._meta.db_table  # noqa: SLF001 - Django's documented place
    for model in (
        Call,
        Claim,
        Definition,
        Group,
        InputRequest,
        InputResponse,
        MailWish,
        Message,
        Receiver,
        Run,
        RunEvent,
        RunInbox,
        RunState,
        Snapshot,
        User,
        User.groups.through,
        Worker,
    )
}


def sql(text: str, **parts: str) -> str:
    """A statement with the tables' names in it, and what others have in common with it."""
    return text.format(**_TABLES, **parts)


def execute(statement: str, parameters: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    """Run a statement on Django's connection, in its transaction, prepared."""
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(raw)
        cursor.execute(statement, parameters, prepare=True)
    return cursor
