"""Going along a list of requests: what follows a row, what is before it, its place."""

from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_

from django.db.models import Q

from workflows_app.access import MOST_COUNTED
from workflows_app.models import InputRequest

from .counting import count_each
from .order import Order
from .tabs import Requests


@dataclass(frozen=True, slots=True)
class Around:
    """What is beside a request in a list, and its place: the second of six."""

    previous: InputRequest | None = None
    next: InputRequest | None = None
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """A list in an order.

    Few rows are taken by their ids, because for them PostgreSQL would walk the whole
    order; of many it walks a range of the order until it has enough.
    """

    found: Requests
    order: Order
    is_few: bool

    @classmethod
    def of(cls, found: Requests, order: Order, count: int | None = None) -> "Walk":
        """`count` is what `count_each` says of the list, where that is known already."""
        count = count_each([found])[0] if count is None else count
        return cls(found, order, count <= MOST_COUNTED)

    @property
    def listed(self) -> Requests:
        """All of it, in the order."""
        return self.order.sort(_by_ids(self.found) if self.is_few else self.found)

    @property
    def reversed(self) -> "Walk":
        return Walk(self.found, self.order.reversed, self.is_few)

    def following(self, row: InputRequest | None, most: int) -> list[InputRequest]:
        """So many rows that come after a row, or so many first ones."""
        parts = [Q()] if row is None else list(self.order.after(row))
        if self.is_few:
            parts = [reduce(or_, parts)]
        rows = (row for part in parts for row in self.listed.filter(part)[:most])
        return list(islice(rows, most))

    def find_next(self, row: InputRequest) -> InputRequest | None:
        """The row after this one, and from the end on the first again."""
        others = Walk(self.found.exclude(pk=row.pk), self.order, self.is_few)
        found = others.following(row, 1) or others.following(None, 1)
        return found[0] if found else None

    def around(self, row: InputRequest) -> Around:
        if self.is_few:
            return self._around_of_few(row)
        return Around(
            self.reversed.find_next(row), self.find_next(row), self._place(row)
        )

    def _around_of_few(self, row: InputRequest) -> Around:
        ids = list(self.listed.values_list("pk", flat=True))
        if row.pk not in ids:
            return Around(self.reversed.find_next(row), self.find_next(row))
        index = ids.index(row.pk)
        before, behind = ids[index - 1], ids[(index + 1) % len(ids)]
        rows = self.found.in_bulk({before, behind} - {row.pk})
        return Around(rows.get(before), rows.get(behind), (index + 1, len(ids)))

    def _place(self, row: InputRequest) -> tuple[int, int] | None:
        """Counted as far as anything is counted."""
        here = self.found.filter(pk=row.pk)
        before = [self.found.filter(part) for part in self.order.reversed.after(row)]
        is_here, total, *counts = count_each([here, self.found, *before])
        return (min(sum(counts), MOST_COUNTED) + 1, total) if is_here else None


def _by_ids(found: Requests) -> Requests:
    ids = found.order_by().values("pk")[: MOST_COUNTED + 1]
    return found.filter(pk__in=ids)
