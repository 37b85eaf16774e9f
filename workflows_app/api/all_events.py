"""What happens in all runs that somebody may see, in one order, filtered by tags."""

from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from workflows_app import access
from workflows_app.models import Run, Scope
from workflows_app.stream.all_runs import Place, RunLine, Statement, newest, read_all
from workflows_app.stream.all_runs import statement as statement_of

from .bearer import user_of
from .event_stream import as_body
from .inputs import Name, Wait
from .keyset import TAG, tagged
from .routes import get
from .run_shapes import EventReply
from .waiting import AnyLines, Ask, wish, wish_before

router = Router(tags=["runs"])
NOW = "now"
CURSOR = r"^(now|\d{1,18}\.[0-9a-f]{32}\.\d{1,18})?$"


class RunEventReply(EventReply):
    """A line of some run's log."""

    run_id: UUID
    workflow: str
    cursor: str = Field(description="Where to go on behind this line.")


class RunEventPage(BaseModel):
    """Lines of all runs, in the one order in which everybody gets them."""

    items: list[RunEventReply]
    next: str = Field(description="Give this as `after` to get what follows.")
    is_more: bool = Field(description="There is more already: do not wait.")


class AllEventFilters(BaseModel):
    """Of which runs, from where on, and how long to wait for the first line."""

    tag: list[Name] = Field(default=[], description=TAG)
    after: Annotated[str, Field(pattern=CURSOR)] = Field(
        default="", description="A cursor, or `now` for what comes from now on."
    )
    wait: Wait = 0


@get(router, "/events", Scope.READ, returns=RunEventPage, errors=())
def list_all_events(
    request: HttpRequest, wanted: Query[AllEventFilters]
) -> RunEventPage:
    """What happened in the runs that you may see, and what happens.

    Nothing is left out that is committed late, and nothing comes twice. With `wait`, the
    reply comes as soon as there is a line, at the latest after so many seconds.
    """
    runs = access.visible_runs(user_of(request)).filter(tagged(wanted.tag))
    look = read_all(runs, _place(request, wanted.after))
    if wanted.wait and not look.lines and not look.is_more:
        wish(request, AnyLines(_asker(runs), look.place, wanted.wait))
    return RunEventPage(
        items=[_reply(found) for found in look.lines],
        next=str(look.place),
        is_more=look.is_more,
    )


def _place(request: HttpRequest, after: str) -> Place:
    """Where to read on; `now` is when it was said first."""
    wished = wish_before(request)
    if isinstance(wished, AnyLines):
        return wished.after
    return newest() if after == NOW else Place.read(after)


def _reply(found: RunLine) -> RunEventReply:
    return RunEventReply(
        run_id=found.line.run_id,
        workflow=found.workflow,
        cursor=str(found.place),
        **as_body(found.line),
    )


def _asker(runs: "QuerySet[Run]") -> Ask:
    async def ask(place: Place) -> Statement:
        return statement_of(runs, place)

    return ask
