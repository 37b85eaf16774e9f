"""The orders of the queue, and what follows a row in each of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Q

from workflows_app.models import InputRequest

from .tabs import DECIDED, Requests

DUE, PRIORITY, NEWEST, OLDEST = "due", "priority", "newest", "oldest"
SORTS = {
    DUE: "Due, then priority",
    PRIORITY: "Priority",
    NEWEST: "Newest first",
    OLDEST: "Oldest first",
}
_COLUMNS = {
    DUE: ("expires_at", "-priority", "opened_at", "id"),
    PRIORITY: ("-priority", "opened_at", "id"),
    NEWEST: ("-opened_at", "-id"),
    OLDEST: ("opened_at", "id"),
    DECIDED: ("-voted_at", "-id"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """Columns by which rows stand; the last two of them make each place unique.

    No deadline stands after every deadline.
    """

    columns: tuple[str, ...]

    @classmethod
    def of(cls, sort: str) -> "Order":
        return cls(_COLUMNS[sort])

    @property
    def reversed(self) -> "Order":
        return Order(tuple(_turned(column) for column in self.columns))

    def sort(self, found: Requests) -> Requests:
        return found.order_by(*self.columns)

    def arrange(self, rows: Iterable[InputRequest]) -> list[InputRequest]:
        """The same order, of rows that are at hand."""
        found = list(rows)
        for column in reversed(self.columns):
            name, way = _direction(column)
            found.sort(key=partial(_rank, name), reverse=way == "lt")
        return found

    def after(self, row: InputRequest) -> Iterator[Q]:
        """What follows a row, in parts, nearest first: each is a range of an index.

        One condition for all of it would make PostgreSQL walk the order from its start.
        """
        *leading, moment, _ = self.columns
        yield _equal(leading, row) & _later(moment, row)
        for count in range(len(leading) - 1, -1, -1):
            for beyond in _beyond(leading[count], row):
                yield _equal(leading[:count], row) & beyond


def _rank(name: str, row: InputRequest) -> tuple[bool, Any]:
    value = getattr(row, name)
    return value is None, value


def _turned(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _equal(columns: Sequence[str], row: InputRequest) -> Q:
    names = [column.removeprefix("-") for column in columns]
    return Q(*[Q((name, getattr(row, name))) for name in names])


def _later(moment: str, row: InputRequest) -> Q:
    """After the row by its moment and, within that, by its id."""
    name, way = _direction(moment)
    at = getattr(row, name)
    is_beyond = Q((f"{name}__{way}", at)) | Q((f"id__{way}", row.pk))
    return Q((f"{name}__{way}e", at)) & is_beyond


def _beyond(column: str, row: InputRequest) -> Iterator[Q]:
    """Other values of a column that come later; nothing is later than everything."""
    name, way = _direction(column)
    value = getattr(row, name)
    if value is not None:
        yield Q((f"{name}__{way}", value))
    if name == "expires_at" and (value is None) == (way == "lt"):
        yield Q((f"{name}__isnull", way == "gt"))


def _direction(column: str) -> tuple[str, str]:
    is_falling = column.startswith("-")
    return column.removeprefix("-"), "lt" if is_falling else "gt"
