"""The reviewers' list: which requests it shows, in which order, page by page."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import prefetch_related_objects
from django.db.models.functions import Now
from django.http import QueryDict

from review_app.queue.counting import count_each
from review_app.queue.filters import QueueFilter, read_filters
from review_app.queue.order import DUE, SORTS, Order
from review_app.queue.tabs import DECIDED, READY, TABS, Requests, requests_of
from review_app.queue.walk import Around, Walk
from workflows_app import access
from workflows_app.models import InputRequest

PAGE_SIZE = 25
NAMED = 3
"""How many of the new requests are named; the others are counted."""

LATE_COMMIT = timedelta(seconds=5)
"""A request may carry an earlier time than a page that was drawn before its commit."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the list, and where it goes on."""

    rows: Sequence[InputRequest]
    has_more: bool
    drawn_at: datetime | None

    @property
    def last(self) -> InputRequest | None:
        return self.rows[-1] if self.has_more else None


@dataclass(frozen=True, slots=True)
class Tab:
    """A way to look at the list, and how many requests it shows so."""

    key: str
    label: str
    count: int
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class News:
    """What was opened since a page was drawn: how many, and the first of them."""

    count: int
    named: Sequence[InputRequest]


@dataclass(frozen=True, slots=True)
class QueueList:
    """What somebody looks at. The address says all of it."""

    tab: str = READY
    sort: str = DUE
    filters: dict[str, str] = field(default_factory=dict)

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
    def without_filters(self) -> "QueueList":
        return replace(self, filters={})

    def tabs(self, user: User) -> list[Tab]:
        views = [replace(self, tab=key) for key in TABS]
        counts = count_each([view.requests(user) for view in views])
        return [
            Tab(v.tab, TABS[v.tab], count, v.query, v == self)
            for v, count in zip(views, counts, strict=True)
        ]

    def count(self, user: User) -> int:
        """How many there are, up to one more than is ever counted."""
        return count_each([self.requests(user)])[0]

    def requests(self, user: User) -> Requests:
        """All of them, in the order of the list."""
        found = QueueFilter(self.filters, requests_of(self.tab, user), user).qs
        return self._order.sort(found)

    def page(self, user: User, count: int, after: str = "") -> Page:
        """The rows that follow a request, or the first ones, of so many as there are."""
        listed = self.requests(user).defer("shown").annotate(drawn_at=Now())
        walk = Walk.of(listed, self._order, count)
        rows = walk.following(self._find_last(user, after), PAGE_SIZE + 1)
        prefetch_related_objects(rows, "responses__user")
        drawn_at = vars(rows[0])["drawn_at"] if rows else None
        return Page(rows[:PAGE_SIZE], len(rows) > PAGE_SIZE, drawn_at)

    def find_next(self, user: User, asked: InputRequest) -> InputRequest | None:
        """The open request after this one, and from the end on the first again."""
        return self._walk(user).find_next(asked)

    def around(self, user: User, asked: InputRequest) -> Around:
        """What is before and behind a request, and its place: all that a page needs."""
        return self._walk(user).around(asked)

    def news(self, user: User, since: datetime, drawn: Sequence[UUID]) -> News:
        """Open requests that a page drawn at a moment with these rows does not have."""
        if self.tab == DECIDED:
            return News(0, [])
        opened = self.requests(user).filter(opened_at__gt=since - LATE_COMMIT)
        fresh = opened.exclude(pk__in=drawn).defer("shown", "policy")
        found = list(fresh[: access.MOST_COUNTED + 1])
        return News(len(found), found[:NAMED])

    @property
    def _order(self) -> Order:
        return Order.of(DECIDED if self.tab == DECIDED else self.sort)

    def _walk(self, user: User) -> Walk:
        """Who looks at what he has decided goes on with what is ready."""
        view = replace(self, tab=READY) if self.tab == DECIDED else self
        listed = view.requests(user).defer("shown", "policy")
        return Walk.of(listed, Order.of(self.sort))

    def _find_last(self, user: User, after: str) -> InputRequest | None:
        """The last row of the page before, also when it is not in the list any more."""
        if not after:
            return None
        is_decided = self.tab == DECIDED
        seen = self.requests(user) if is_decided else access.visible_requests(user)
        return seen.filter(pk__in=as_uuids([after])).first()


def closed_meanwhile(user: User, drawn: Sequence[UUID]) -> Requests:
    """Which of the rows that somebody looks at are not open any more."""
    closed = access.visible_requests(user).filter(pk__in=drawn).exclude(status="open")
    return closed.defer("shown", "policy").prefetch_related("responses__user")


def as_uuids(texts: Sequence[str]) -> list[UUID]:
    """The ids among what a page sent."""
    found = []
    for text in texts[: 2 * PAGE_SIZE]:
        with suppress(ValueError):
            found.append(UUID(text))
    return found
