"""Going along a list of requests: what follows a row, what is before it, its place."""

from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from uuid import UUID

from django.db.models import Q, Value

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

    Few rows are named by their ids: to find them again, PostgreSQL would walk the whole
    order, or look at every open request. Of many it walks a range of the order until it
    has enough.
    """

    found: Requests
    order: Order
    is_few: bool

    @classmethod
    def of(cls, found: Requests, order: Order) -> "Walk":
        ids = few_ids(found)
        if ids is None:
            return cls(found, order, is_few=False)
        return cls(InputRequest.objects.filter(pk__in=ids), order, is_few=True)

    @property
    def listed(self) -> Requests:
        """All of it, in the order."""
        return self.order.sort(self.found)

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
        near = self._find_near(row)
        return Around(
            near.get("previous") or self.reversed.find_next(row),
            near.get("next") or self.find_next(row),
            self._place(row),
        )

    def _find_near(self, row: InputRequest) -> dict[str, InputRequest]:
        """Both neighbours in one query, if they are in the nearest range, as most are."""
        ways = {"previous": self.reversed, "next": self}
        before, behind = (
            walk.listed.filter(next(walk.order.after(row))).annotate(way=Value(name))[
                :1
            ]
            for name, walk in ways.items()
        )
        return {vars(each)["way"]: each for each in before.union(behind, all=True)}

    def _around_of_few(self, row: InputRequest) -> Around:
        ids = list(self.listed.values_list("pk", flat=True))
        if row.pk not in ids:
            return Around(self.reversed.find_next(row), self.find_next(row))
        index = ids.index(row.pk)
        before, behind = ids[index - 1], ids[(index + 1) % len(ids)]
        rows = self.found.in_bulk({before, behind} - {row.pk})
        return Around(rows.get(before), rows.get(behind), (index + 1, len(ids)))

    def _place(self, row: InputRequest) -> tuple[int, int] | None:
        """Counted as far as anything is counted; that there are more is known."""
        here = self.found.filter(pk=row.pk)
        before = [self.found.filter(part) for part in self.order.reversed.after(row)]
        is_here, *counts = count_each([here, *before])
        total = MOST_COUNTED + 1
        return (min(sum(counts) + 1, total), total) if is_here else None


def few_ids(found: Requests) -> list[UUID] | None:
    """All that a list has, in no order; None when that is more than is counted."""
    ids = list(found.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    return ids if len(ids) <= MOST_COUNTED else None
