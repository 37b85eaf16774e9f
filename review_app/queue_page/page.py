"""What the page of the queue shows of a list: tabs with counts, rows, and what is new."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.contrib.auth.models import User

from review_app.queue.counting import (
    bounded,
    bounded_of,
    count_ready,
    count_texts,
)
from review_app.queue.tabs import ALL, DECIDED, READY, TABS, Requests, known_of
from review_app.queue.walk import Walk
from review_app.queue_list import QueueList
from workflows_app import access
from workflows_app.access import MOST_COUNTED
from workflows_app.models import InputRequest
from workflows_app.written import Text

from .rows import Row, make_rows

PAGE_SIZE = 25
NAMED = 3
"""How many of the new requests are named; the others are counted."""

COUNTED = TABS.keys() - {DECIDED}
"""What somebody has decided waits for nobody: it is counted where it is shown."""

OUTSIDE = "outside"
"""Where the count stands of the list without its filters."""

LATE_COMMIT = timedelta(seconds=5)
"""A request may carry an earlier time than a page that was drawn before its commit."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A way to look at the list, and how many requests it shows so, if that is counted."""

    key: str
    label: str
    count: int | None
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class News:
    """What was opened since a page was drawn: how many, and the first of them."""

    count: int
    named: Sequence[InputRequest]


class QueuePage:
    """A list as one person sees it, from the first row on or after another one.

    When little is open within the filters, PostgreSQL looks for it once: all tabs of
    open requests are parts of it.
    """

    def __init__(self, view: QueueList, user: User, after: str = "") -> None:
        self.view = view
        self.user = user
        self.after = after

    @cached_property
    def tabs(self) -> list[Tab]:
        counts = self._counts
        return [
            Tab(
                key,
                label,
                counts.get(key),
                self.view.of(key).query,
                key == self.view.tab,
            )
            for key, label in TABS.items()
        ]

    @property
    def count(self) -> int:
        """How many the list has, up to one more than is ever counted."""
        return self._counts[self.view.tab]

    @property
    def rows(self) -> list[Row]:
        return self._rows[:PAGE_SIZE]

    @property
    def last(self) -> InputRequest | None:
        """The row after which the next page begins, if there is a next page."""
        has_more = len(self._rows) > PAGE_SIZE
        return self._rows[PAGE_SIZE - 1].asked if has_more else None

    @property
    def drawn_at(self) -> datetime | None:
        return self._rows[0].seen.drawn_at if self._rows else None

    @property
    def outside(self) -> int:
        """How many there are without the filters."""
        return self._counts[OUTSIDE] if self.view.is_filtered else self.count

    def news(self, since: datetime, drawn: Sequence[UUID]) -> News:
        """Open requests that a page drawn at a moment with these rows does not have."""
        if self.view.tab == DECIDED:
            return News(0, [])
        opened = self._requests(self.view.tab).filter(opened_at__gt=since - LATE_COMMIT)
        fresh = opened.exclude(pk__in=drawn).defer("shown", "policy")
        found = list(fresh[: MOST_COUNTED + 1])
        return News(len(found), found[:NAMED])

    def rows_of(self, drawn: Sequence[UUID]) -> list[Row]:
        """These requests as rows, wherever they are by now."""
        found = access.visible_requests(self.user).filter(pk__in=drawn)
        return make_rows(found.defer("shown"), self.user)

    @cached_property
    def _counts(self) -> dict[str, int]:
        """Of the tabs and, when there are filters, of the list without them."""
        known = self._known_counts()
        shown = [key for key in TABS if key in (self.view.tab, *COUNTED)]
        texts = {key: self._text(key) for key in shown if key not in known}
        if self.view.is_filtered and OUTSIDE not in known:
            texts[OUTSIDE] = self.view.without_filters.text(self.user)
        counts = count_texts(list(texts.values()))
        return known | dict(zip(texts, counts, strict=True))

    def _known_counts(self) -> dict[str, int]:
        """What need not be counted again: the frame of the page says what is ready.

        When that is more than is ever counted, so is all that is open.
        """
        ready = count_ready(self.user).count
        plain = {READY: ready} | ({ALL: ready} if ready > MOST_COUNTED else {})
        if not self.view.is_filtered:
            return plain
        few = self._open_ids
        known = {ALL: MOST_COUNTED + 1 if few is None else len(few)}
        if self.view.tab in plain:
            known[OUTSIDE] = plain[self.view.tab]
        return known

    @cached_property
    def _rows(self) -> list[Row]:
        return make_rows(self._find(PAGE_SIZE + 1), self.user)

    def _find(self, most: int) -> list[InputRequest]:
        """So many rows, from the one on after which the page begins."""
        last, few = self._find_last(), self._few()
        if last is None and few is None:
            return self.view.first(self.user, most)
        found = self._requests(self.view.tab) if few is None else few
        walk = Walk(found.defer("shown"), self.view.order, is_few=few is not None)
        return walk.following(last, most)

    def _few(self) -> "Requests | None":
        """The list by the ids of its requests, if it is as short as that."""
        if self.view.tab == DECIDED or self.count > MOST_COUNTED:
            return None
        if self._open_ids is not None:
            return self._requests(self.view.tab)
        return self.view.few(self.user)  # None: it has grown meanwhile

    def _requests(self, tab: str) -> Requests:
        if tab == DECIDED or self._open_ids is None:
            return self.view.of(tab).requests(self.user)
        return known_of(tab, self.user, self._open_ids)

    def _text(self, tab: str) -> Text:
        """Of many that have what is searched for, no index helps to count some."""
        if tab != DECIDED and self._open_ids is not None:
            return bounded_of(tab, self.user, self._open_ids)
        if tab != DECIDED and "q" in self.view.filters:
            return bounded(self._requests(tab))
        return self.view.of(tab).text(self.user)

    @cached_property
    def _open_ids(self) -> list[UUID] | None:
        """All that is open within the filters, unless it is more than is counted.

        Without filters there is nothing to look for: indexes know who sees what.
        """
        if not self.view.is_filtered:
            return None
        return self.view.of(ALL).few_ids(self.user)

    def _find_last(self) -> InputRequest | None:
        """The last row of the page before, also when it is not in the list any more."""
        if not self.after:
            return None
        is_decided = self.view.tab == DECIDED
        seen = access.visible_requests(self.user)
        listed = self.view.requests(self.user) if is_decided else seen
        return listed.filter(pk__in=as_uuids([self.after])).first()


def as_uuids(texts: Sequence[str]) -> list[UUID]:
    """The ids among what a page sent."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found
