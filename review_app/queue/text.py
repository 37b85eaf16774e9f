"""Queries as SQL, written once for each reader.

Django takes longer to write the queries of the queue than PostgreSQL to answer them, and
the same reader asks for the same lists again and again. Nothing in a text depends on the
time: it asks PostgreSQL's own clock.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from workflows_app import access

KEPT = 2000
"""So many texts are kept in each place that writes some."""

NOTHING = "SELECT NULL AS id, NULL AS expires_at WHERE false"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. Two who have the same rights to the same ask with the same text."""

    rights: Hashable
    user: User = field(compare=False)

    @classmethod
    def of(cls, user: User) -> "Reader":
        return cls(access.rights_of(user), user)


@dataclass(frozen=True, slots=True)
class Text:
    """A query in SQL, with a place for each parameter."""

    sql: str
    parameters: tuple[Any, ...] = ()

    @classmethod
    def of(cls, found: "QuerySet[Any, Any]") -> "Text":
        try:
            return cls(*found.query.sql_with_params())
        except EmptyResultSet:
            return cls(NOTHING)

    def read(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.parameters)
            return list(cursor.fetchall())
