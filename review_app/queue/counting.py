"""Counts of several lists in one query, each up to one more than is ever shown."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from workflows_app.access import MOST_COUNTED

from .tabs import Requests


def count_each(lists: Sequence[Requests]) -> list[int]:
    """How many requests each list has: pages show many counts, and ask once."""
    texts: list[str] = []
    parameters: list[Any] = []
    for found in lists:
        text, given = _count(found)
        texts.append(text)
        parameters += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(texts)}", parameters)
        return list(cursor.fetchone())


def _count(found: Requests) -> tuple[str, tuple[Any, ...]]:
    bounded = found.order_by().values("pk")[: MOST_COUNTED + 1]
    try:
        text, parameters = bounded.query.sql_with_params()
    except EmptyResultSet:
        return "0", ()
    # The text is Django's own, with a place for each parameter.
    return f"(SELECT count(*) FROM ({text}) counted)", parameters  # noqa: S608
