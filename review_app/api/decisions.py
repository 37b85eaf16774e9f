"""The decisions that the dashboard counts."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from review_app.dashboard.decisions import DecisionList
from review_app.dashboard.rows import Row, listed, make_row
from workflows_app.api.inputs import Limit, Person
from workflows_app.api.keyset import Keyset, read_number
from workflows_app.api.routes import get
from workflows_app.models import Claim, Scope

from .days import Day, Zoned
from .readers import check_compares, reader_of

router = Router(tags=["dashboard"])

What: TypeAlias = Literal["decided", "deadline", "undone", "taken-over"]
Seconds: TypeAlias = Annotated[int, Field(ge=0, lt=10**9)]


class DecidedReply(BaseModel):
    """What somebody, or a deadline, did with a request."""

    at: datetime
    request_id: UUID
    subject: str
    workflow: str
    step: str | None
    who: str
    outcome: str | None
    reason: str
    seconds: float = Field(description="Since it was asked.")
    taken_over_by: str | None

    @classmethod
    def of(cls, row: Row) -> "DecidedReply":
        asked = row.request
        return cls(
            at=row.at,
            request_id=asked.pk,
            subject=asked.subject,
            workflow=asked.workflow,
            step=asked.step or None,
            who=row.who,
            outcome=row.outcome or None,
            reason=row.reason,
            seconds=row.took.total_seconds(),
            taken_over_by=row.taken_over_by or None,
        )


class DecidedPage(BaseModel):
    """Some decisions, the newest first."""

    items: list[DecidedReply]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class DecidedFilters(Zoned):
    """Which decisions a list shows."""

    what: What = "decided"
    since: Day | None = None
    until: Day | None = None
    workflow: Person | None = None
    group: Person | None = Field(
        default=None, description="`(anybody)`: addressed to nobody in particular."
    )
    reviewer: Person | None = None
    over: Seconds = Field(default=0, description="Those that took at least so long.")
    under: Seconds = Field(default=0, description="Less than that; 0: any time.")
    cursor: str = ""
    limit: Limit = 50

    @property
    def view(self) -> DecisionList:
        return DecisionList(
            what=self.what,
            since=self.since or "",
            until=self.until or "",
            workflow=self.workflow or "",
            group=self.group or "",
            reviewer=self.reviewer or "",
            over=self.over,
            under=self.under,
        )


@get(router, "/decisions", Scope.READ, Scope.OPERATE, returns=DecidedPage)
def list_decisions(request: HttpRequest, wanted: Query[DecidedFilters]) -> DecidedPage:
    """The decisions that the dashboard counts, the newest first.

    Of one reviewer only for who may compare people.
    """
    user, view = reader_of(request), wanted.view
    check_compares(user, by_person=wanted.reviewer is not None)
    rows = listed(view, wanted.clock)
    of_claims = {"read_pk": read_number} if rows.model is Claim else {}
    keyset: Keyset[Any] = Keyset(view.moment, **of_claims)
    found, after = keyset.page(rows, wanted.cursor, wanted.limit)
    items = [DecidedReply.of(make_row(each)) for each in found]
    return DecidedPage(items=items, next=after)
