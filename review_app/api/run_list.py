"""The list of runs, with the filters that its page has."""

from typing import Literal, TypeAlias

from django.http import HttpRequest
from ninja import Query
from pydantic import BaseModel, Field

from review_app.run_list import RunList
from workflows_app.api.bearer import user_of
from workflows_app.api.found import HEAVY_RUN
from workflows_app.api.inputs import Limit, Name, Person
from workflows_app.api.keyset import TAG, Keyset, tagged
from workflows_app.api.routes import get
from workflows_app.api.run_shapes import RunPage, RunSummary
from workflows_app.api.runs import router  # one address has one router
from workflows_app.models import Run, Scope

from .days import Day

KEYSET: Keyset[Run] = Keyset("created_at")

RunStatus: TypeAlias = Literal[
    "running", "waiting", "completed", "failed", "aborted", "timed_out", "paused"
]


class RunFilters(BaseModel):
    """Which runs a list shows. Days are those of UTC."""

    status: RunStatus | None = None
    workflow: Name | None = None
    tag: list[Name] = Field(default=[], description=TAG)
    by: Person | None = Field(
        default=None,
        description="Who started it: a person, a source, `me`, or `program`.",
    )
    stuck: bool = Field(
        default=False, description="Only what should be running and does nothing."
    )
    since: Day | None = None
    until: Day | None = None
    cursor: str = ""
    limit: Limit = 50

    @property
    def listed(self) -> RunList:
        return RunList(
            status=self.status or "",
            workflow=self.workflow or "",
            stuck="1" if self.stuck else "",
            by=self.by or "",
            since=self.since or "",
            until=self.until or "",
        )


@get(router, "/runs", Scope.READ, returns=RunPage, errors=())
def list_runs(request: HttpRequest, wanted: Query[RunFilters]) -> RunPage:
    """The runs that you may see, the newest first."""
    runs = wanted.listed.runs(user_of(request)).filter(tagged(wanted.tag))
    light = runs.select_related("started_by").defer(*HEAVY_RUN)
    rows, after = KEYSET.page(light, wanted.cursor, wanted.limit)
    return RunPage(items=list(map(RunSummary.of, rows)), next=after)
