"""The reviewers' list: which requests it shows, in which order, page by page."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import QueryDict

from workflows_app import access
from workflows_app.models import InputRequest

Requests: TypeAlias = "QuerySet[InputRequest]"

MINE, ALL, ANSWERED = "mine", "all", "answered"
TABS = {MINE: "For me", ALL: "All open", ANSWERED: "Answered by me"}
PAGE_SIZE = 25
LONGEST_SEARCH = 200
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

    tab: str = MINE
    text: str = ""
    workflow: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "QueueList":
        tab = query.get("tab", MINE)
        return cls(
            tab=tab if tab in TABS else MINE,
            text=_plain(query.get("q", "")),
            workflow=_plain(query.get("workflow", "")),
        )

    @property
    def query(self) -> str:
        """The query string that leads here; empty for the plain list."""
        tab = "" if self.tab == MINE else self.tab
        asked = {"tab": tab, "q": self.text, "workflow": self.workflow}
        return urlencode({name: value for name, value in asked.items() if value})

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.workflow)

    @property
    def without_filters(self) -> "QueueList":
        return QueueList(self.tab)

    def tabs(self, user: User) -> list[Tab]:
        views = [replace(self, tab=key) for key in TABS]
        return [
            Tab(v.tab, TABS[v.tab], v.count(user), v.query, v == self) for v in views
        ]

    def count(self, user: User) -> int:
        """How many there are, up to one more than is ever counted."""
        return self.requests(user).order_by()[: access.MOST_COUNTED + 1].count()

    def requests(self, user: User) -> Requests:
        found = _of_tab(self.tab, user)
        if self.text:
            found = found.filter(subject__icontains=self.text)
        if self.workflow:
            found = found.filter(workflow=self.workflow)
        return found

    def page(self, user: User, after: str = "") -> Page:
        """The rows that follow a request, or the first ones."""
        listed = _narrowed(self.requests(user))
        last = access.visible_requests(user).filter(pk__in=as_uuids([after])).first()
        if last is not None:
            listed = listed.filter(self._follows(last))
        listed = listed.defer("shown", "policy").prefetch_related("responses__user")
        rows = list(listed.annotate(drawn_at=Now())[: PAGE_SIZE + 1])
        drawn_at = rows[0].drawn_at if rows else None
        return Page(rows[:PAGE_SIZE], len(rows) > PAGE_SIZE, drawn_at)

    def find_next(self, user: User, asked: InputRequest) -> InputRequest | None:
        """The open request after this one, and from the end on the first again."""
        view = replace(self, tab=MINE) if self.tab == ANSWERED else self
        others = _narrowed(view.requests(user)).exclude(pk=asked.pk)
        return others.filter(_follows_open(asked)).first() or others.first()

    def news(self, user: User, since: datetime, drawn: Sequence[UUID]) -> News:
        """Open requests that a page drawn at a moment with these rows does not have."""
        if self.tab == ANSWERED:
            return News(0, [])
        opened = self.requests(user).filter(opened_at__gt=since - LATE_COMMIT)
        fresh = opened.exclude(pk__in=drawn).defer("shown", "policy")
        found = list(fresh[: access.MOST_COUNTED + 1])
        return News(len(found), found[:NAMED])

    def workflows(self, user: User) -> list[str]:
        """Names to filter by: those of a thousand of the requests that are seen."""
        listed = _of_tab(self.tab, user).order_by().values_list("workflow", flat=True)
        names = set(listed[: access.MOST_COUNTED]) | {self.workflow}
        return sorted(names - {""})

    def _follows(self, last: InputRequest) -> Q:
        return _follows_closed(last) if self.tab == ANSWERED else _follows_open(last)


def closed_meanwhile(user: User, drawn: Sequence[UUID]) -> Requests:
    """Which of the rows that somebody looks at are not open any more."""
    closed = access.visible_requests(user).filter(pk__in=drawn).exclude(status="open")
    return closed.defer("shown", "policy").prefetch_related("responses__user")


def _of_tab(tab: str, user: User) -> Requests:
    if tab == MINE:
        return access.answerable(user)
    seen = access.visible_requests(user)
    if tab == ALL:
        return seen.filter(status=InputRequest.Status.OPEN)
    mine = Q(responses__user=user, responses__withdrawn_at=None)
    return seen.filter(mine).exclude(status="open").order_by("-closed_at", "-id")


def _narrowed(found: Requests) -> Requests:
    """Few rows are taken by their ids: for them PostgreSQL would walk the whole order."""
    few = access.MOST_COUNTED
    ids = list(found.order_by().values_list("pk", flat=True)[: few + 1])
    return found if len(ids) > few else found.filter(pk__in=ids)


def _follows_open(last: InputRequest) -> Q:
    """What comes later in the order of the model: priority, then the oldest first."""
    later = Q(opened_at__gt=last.opened_at)
    later |= Q(opened_at=last.opened_at, id__gt=last.pk)
    return Q(priority__lt=last.priority) | (Q(priority=last.priority) & later)


def _follows_closed(last: InputRequest) -> Q:
    earlier = Q(closed_at__lt=last.closed_at) if last.closed_at else Q()
    return earlier | Q(closed_at=last.closed_at, id__lt=last.pk)


def _plain(text: str) -> str:
    """A text as the database can hold it: no NUL, and not endless."""
    return text.replace("\0", "").strip()[:LONGEST_SEARCH]


def as_uuids(texts: Sequence[str]) -> list[UUID]:
    """The ids among what a page sent."""
    found = []
    for text in texts[: 2 * PAGE_SIZE]:
        with suppress(ValueError):
            found.append(UUID(text))
    return found
