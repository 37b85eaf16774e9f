"""The queue as programs ask for it and get it: the same lists as people have."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from django.contrib.auth.models import User
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from review_app.queue.filters import NAMES
from review_app.queue.walk import Walk
from review_app.queue_list import QueueList
from review_app.queue_page.rows import Row, make_rows
from workflows_app.access import MOST_COUNTED
from workflows_app.api.inputs import Given, Limit, printable
from workflows_app.api.request_shapes import ClaimReply, RequestSummary

from . import places

Tab: TypeAlias = Literal["ready", "mine", "all", "snoozed", "decided"]
Sort: TypeAlias = Literal["due", "priority", "newest", "oldest"]
DueWhen: TypeAlias = Literal["late", "soon", "today", "none"]
OpenedIn: TypeAlias = Literal["hour", "day", "week", "month"]

Word = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(printable),
]


class ListFilters(BaseModel):
    """What a list of the queue is narrowed down to."""

    q: Word | None = Field(default=None, description="A part of the subject.")
    workflow: Word | None = None
    step: Word | None = None
    group: Word | None = Field(default=None, description="To which it is addressed.")
    due: DueWhen | None = None
    owner: Word | None = Field(
        default=None, description="Who holds it: a name, `me`, or `unclaimed`."
    )
    tag: Word | None = Field(
        default=None, description="`key=value`, or `key` for any value."
    )
    created: OpenedIn | None = Field(default=None, description="In the last so long.")
    snoozed: Literal["anybody"] | None = Field(
        default=None, description="Only what somebody has put off."
    )

    @property
    def filters(self) -> dict[str, str]:
        given = {name: getattr(self, name) for name in NAMES}
        return {name: value for name, value in given.items() if value is not None}


class FiltersGiven(ListFilters, Given):
    """The same in a body."""


ANY = FiltersGiven()


class ListGiven(Given):
    """A list of the queue, to be kept."""

    tab: Tab = "ready"
    sort: Sort = "due"
    filters: FiltersGiven = ANY

    @property
    def listed(self) -> QueueList:
        return QueueList(self.tab, self.sort, self.filters.filters)


class ListReply(BaseModel):
    """A list of the queue that is kept."""

    tab: str
    sort: str
    filters: dict[str, str]

    @classmethod
    def of(cls, view: QueueList) -> "ListReply":
        return cls(tab=view.tab, sort=view.sort, filters=view.filters)


class PageWanted(BaseModel):
    """Which page of a list."""

    cursor: str = ""
    limit: Limit = 50


class QueueFilters(ListFilters, PageWanted):
    """Which list of the queue, and which page of it."""

    tab: Tab = "ready"
    sort: Sort = "due"

    @property
    def listed(self) -> QueueList:
        return QueueList(self.tab, self.sort, self.filters)


class QueueItem(RequestSummary):
    """A request in the queue, who is at it, and how far it has come."""

    claim: ClaimReply | None
    snoozed_until: datetime | None = Field(description="For you, and nobody else.")
    has_draft: bool = Field(description="You have begun an answer.")
    votes: int = Field(description="How many agree on what most of them chose.")
    needed: int = Field(description="How many must agree.")
    comments: int

    @classmethod
    def of_row(cls, row: Row) -> "QueueItem":
        seen, holder = row.seen, row.seen.holder
        return cls(
            **cls.fields_of(row.asked),
            claim=ClaimReply(owner=holder.owner, until=holder.until)
            if holder
            else None,
            snoozed_until=seen.snoozed_until,
            has_draft=seen.has_draft,
            votes=row.votes,
            needed=row.needed,
            comments=seen.comments,
        )


class QueuePage(BaseModel):
    """Some requests of a list, in its order."""

    items: list[QueueItem]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class Counted(BaseModel):
    """How many there are; counting stops where nobody looks any more."""

    count: int
    is_more: bool = Field(description="There are more than that.")

    @classmethod
    def of(cls, count: int) -> "Counted":
        return cls(count=min(count, MOST_COUNTED), is_more=count > MOST_COUNTED)


def read_page(view: QueueList, user: User, wanted: PageWanted) -> QueuePage:
    """So many rows of a list behind a place in it."""
    order, limit = view.order, wanted.limit
    last = places.read(wanted.cursor, order) if wanted.cursor else None
    walk = _walk(view, user).following(last, limit + 1)
    rows = make_rows(walk[:limit], user)
    has_more = len(walk) > limit
    return QueuePage(
        items=list(map(QueueItem.of_row, rows)),
        next=places.write(walk[limit - 1], order) if has_more else None,
    )


def _walk(view: QueueList, user: User) -> Walk:
    few = view.few(user)
    found = view.requests(user) if few is None else few
    return Walk(found.defer("shown"), view.order, is_few=few is not None)
