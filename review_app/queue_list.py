"""The reviewers' list: which requests it shows, and in which order."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.http import QueryDict

from review_app.queue.counting import bounded
from review_app.queue.filters import QueueFilter, by_index, read_filters
from review_app.queue.order import DUE, SORTS, Order
from review_app.queue.tabs import DECIDED, READY, TABS, Requests, named, requests_of
from review_app.queue.walk import Around, Few, Walk
from workflows_app.access import MOST_COUNTED, Reader
from workflows_app.models import InputRequest
from workflows_app.written import KEPT, Text, objects_of

_LARGE = ("shown",)
"""No list tells what its requests show."""


@dataclass(frozen=True, slots=True)
class QueueList:
    """What somebody looks at. The address says all of it."""

    tab: str = READY
    sort: str = DUE
    filters: dict[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def read(cls, query: QueryDict) -> "QueueList":
        tab, sort = query.get("tab", READY), query.get("sort", DUE)
        return cls(
            tab=tab if tab in TABS else READY,
            sort=sort if sort in SORTS else DUE,
            filters=read_filters(query),
        )

    @property
    def query(self) -> str:
        """The query string that leads here; empty for the plain list."""
        plain = {"tab": READY, "sort": DUE}
        asked = {"tab": self.tab, **self.filters, "sort": self.sort}
        return urlencode({n: v for n, v in asked.items() if v != plain.get(n)})

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters)

    @property
    def is_narrowed(self) -> bool:
        """Whether one of the lists to choose from says something."""
        return bool(self.filters.keys() - {"q"})

    @property
    def tab_label(self) -> str:
        return TABS[self.tab]

    @property
    def sort_label(self) -> str:
        return SORTS[self.sort]

    @property
    def without_filters(self) -> "QueueList":
        return replace(self, filters={})

    @property
    def to_go_on(self) -> "QueueList":
        """Who looks at what he has decided goes on with what is ready."""
        return self.of(READY) if self.tab == DECIDED else self

    @property
    def order(self) -> Order:
        return Order.of(DECIDED if self.tab == DECIDED else self.sort)

    def of(self, tab: str) -> "QueueList":
        """The same filters and order in another tab."""
        return replace(self, tab=tab)

    def requests(self, user: User) -> Requests:
        """All of them, in the order of the list."""
        found = requests_of(self.tab, user)
        if self.filters:
            found = QueueFilter(self.filters, found, user).qs
        return self.order.sort(found)

    def whole(self, user: User) -> Requests:
        """The same for who wants all of them, if they are few, in no order."""
        found = self.requests(user).order_by()
        return (
            found if self.tab == DECIDED else by_index(found, self.filters.get("q", ""))
        )

    def text(self, user: User) -> Text:
        """That in SQL, as far as anything is counted."""
        return _written(Reader.of(user), self)

    def few_ids(self, user: User) -> list[UUID] | None:
        """All that it has, in no order; None when that is more than is counted."""
        text = self.text(user)
        sql = f"SELECT id FROM ({text.sql}) few"  # noqa: S608 - Django's own text
        rows = Text(sql, text.parameters).read()
        return [pk for (pk,) in rows] if len(rows) <= MOST_COUNTED else None

    def few(self, user: User) -> "Requests | None":
        """The same as requests, found by their ids alone.

        Votes stand in an order of their own, which their requests do not know.
        """
        ids = None if self.tab == DECIDED else self.few_ids(user)
        return None if ids is None else named(ids)

    def waiting(self, user: User) -> Requests:
        """All of it for who takes the first of them: found fast, be it few or many."""
        few = self.few(user)
        return self.requests(user) if few is None else self.order.sort(few)

    def first(self, user: User, most: int) -> list[InputRequest]:
        """So many first ones, without what they show, however many there are."""
        rows = _first(Reader.of(user), self, most).read()
        return [objects_of(row, InputRequest, without=_LARGE)[0] for row in rows]

    def find_next(self, user: User, asked: InputRequest) -> InputRequest | None:
        """The open request after this one, and from the end on the first again."""
        return self.walk(user).find_next(asked)

    def around(self, user: User, asked: InputRequest) -> Around:
        """What is before and behind a request, and its place: all that a page needs."""
        return self.walk(user).around(asked)

    def walk(self, user: User) -> Few | Walk:
        """The list as somebody goes along it, found once for several questions."""
        view = self.to_go_on
        few = Few.read(view.text(user), view.order)
        if few is not None:
            return few
        found = view.requests(user).defer("shown", "policy")
        return Walk(found, view.order, is_few=False)


@lru_cache(maxsize=KEPT)
def _written(reader: Reader, view: QueueList) -> Text:
    return bounded(view.whole(reader.user))


@lru_cache(maxsize=KEPT)
def _first(reader: Reader, view: QueueList, most: int) -> Text:
    return Text.of(view.requests(reader.user).defer(*_LARGE)[:most])
