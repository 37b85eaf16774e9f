"""Queries in SQL, written once: Django's own, asked again and again with other values.

Django takes longer to write the queries of a page than PostgreSQL to answer them, and
the same reader asks the same ones again and again. Nothing in a text depends on the
time: it asks PostgreSQL's own clock.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Field, Model, QuerySet

KEPT = 2000
"""So many texts are kept in each place that writes some."""

ANY = UUID(int=0)
"""Stands in a written query for the id, or in an array for the ids, that are asked for."""

NOTHING = "SELECT NULL AS id, NULL AS expires_at WHERE false"


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

    def about(self, ids: Mapping[UUID, UUID | list[UUID]]) -> "Text":
        """The same query with other ids in the places of those that it was written with.

        An array of one of these is the place of an array.
        """
        return Text(self.sql, tuple(_placed(each, ids) for each in self.parameters))


def _placed(parameter: Any, ids: Mapping[UUID, UUID | list[UUID]]) -> Any:
    match parameter:
        case UUID():
            return ids.get(parameter, parameter)
        case [UUID() as place]:
            return ids.get(place, parameter)
        case _:
            return parameter


def objects_of(
    row: Sequence[Any], *models: type[Model], without: Collection[str] = ()
) -> list[Any]:
    """What a row has of a query with `select_related`: an object of each model in turn.

    None stands for one that there is not; `without` are the fields that were deferred.
    """
    values = iter(row)
    return [_object_of(model, values, without) for model in models]


def _object_of(
    model: type[Model], values: Iterator[Any], without: Collection[str]
) -> Model | None:
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's documented place
    own = {
        field.attname: _convert(field, next(values))
        for field in fields
        if field.attname not in without
    }
    if own[model._meta.pk.attname] is None:  # noqa: SLF001
        return None
    return model.from_db(connection.alias, list(own), list(own.values()))


def _convert(field: "Field[Any, Any]", value: Any) -> Any:
    """As Django would: PostgreSQL's driver makes most values what fields want."""
    convert = getattr(field, "from_db_value", None)
    return convert(value, None, connection) if convert else value
