"""Going along a list of requests: what follows a row, what is before it, its place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice
from operator import or_

from django.db.models import Q, Value

from workflows_app.access import MOST_COUNTED
from workflows_app.models import InputRequest
from workflows_app.written import Text

from .counting import KNOWN, count_each
from .order import Order
from .tabs import Requests


@dataclass(frozen=True, slots=True)
class Around:
    """What is beside a request in a list, and its place: the second of six."""

    previous: InputRequest | None = None
    next: InputRequest | None = None
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Few:
    """A list that is short enough to be read at once: then nothing is asked again.

    Of its rows it knows the subject, and what puts them in order.
    """

    rows: Sequence[InputRequest]
    order: Order

    @classmethod
    def read(cls, text: Text, order: Order) -> "Few | None":
        """All of a list; None when that is more than is counted."""
        rows = text.read()
        if len(rows) > MOST_COUNTED:
            return None
        return cls([InputRequest.from_db(None, KNOWN, row) for row in rows], order)

    def find_next(self, row: InputRequest) -> InputRequest | None:
        """The row after this one, and from the end on the first again."""
        return self.around(row).next

    def around(self, row: InputRequest) -> Around:
        """The neighbours of a row, and its place if it is in the list."""
        others = [each for each in self.rows if each.pk != row.pk]
        standing = self.order.arrange([*others, row])
        index, count = standing.index(row), len(standing)
        place = (index + 1, count) if len(others) < len(self.rows) else None
        if not others:
            return Around(place=place)
        return Around(standing[index - 1], standing[(index + 1) % count], place)


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

    @property
    def listed(self) -> Requests:
        """All of it, in the order."""
        return self.order.sort(self.found)

    @property
    def reversed(self) -> "Walk":
        return replace(self, order=self.order.reversed)

    def following(self, row: InputRequest | None, most: int) -> list[InputRequest]:
        """So many rows that come after a row, or so many first ones."""
        parts = [Q()] if row is None else list(self.order.after(row))
        if self.is_few:
            parts = [reduce(or_, parts)]
        rows = (row for part in parts for row in self.listed.filter(part)[:most])
        return list(islice(rows, most))

    def find_next(self, row: InputRequest) -> InputRequest | None:
        """The row after this one, and from the end on the first again."""
        others = replace(self, found=self.found.exclude(pk=row.pk))
        found = others.following(row, 1) or others.following(None, 1)
        return found[0] if found else None

    def around(self, row: InputRequest) -> Around:
        """The neighbours of a row, and its place as far as anything is counted."""
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

    def _place(self, row: InputRequest) -> tuple[int, int] | None:
        """Counted as far as anything is counted; that there are more is known."""
        here = self.found.filter(pk=row.pk)
        before = [self.found.filter(part) for part in self.order.reversed.after(row)]
        is_here, *counts = count_each([here, *before])
        total = MOST_COUNTED + 1
        return (min(sum(counts) + 1, total), total) if is_here else None
