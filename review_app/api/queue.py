"""The queue: what waits for whom, in the lists that people have, and the next of one."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel

from review_app.queue.counting import count_each
from review_app.queue.tabs import READY, TABS
from review_app.queue_list import QueueList
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import not_found
from workflows_app.api.found import get_request
from workflows_app.api.once import act_once
from workflows_app.api.request_shapes import RequestReply
from workflows_app.api.routes import get, post
from workflows_app.models import Scope
from workflows_app.runtime import claims

from .queue_shapes import (
    Counted,
    FiltersGiven,
    ListFilters,
    QueueFilters,
    QueuePage,
    Sort,
    read_page,
)

router = Router(tags=["queue"])


class QueueCounts(BaseModel):
    """How many requests each tab has, within the same filters."""

    ready: Counted
    mine: Counted
    all: Counted
    snoozed: Counted
    decided: Counted


class NextGiven(FiltersGiven):
    """Of which requests the next is wanted, and in which order."""

    sort: Sort = "priority"


MOST_URGENT = NextGiven()


@get(router, "/queue", Scope.READ, Scope.ANSWER, returns=QueuePage, errors=())
def list_queue(request: HttpRequest, wanted: Query[QueueFilters]) -> QueuePage:
    """A list of the queue, in its order: by default what is ready for you to take up."""
    return read_page(wanted.listed, user_of(request), wanted)


@get(router, "/queue/counts", Scope.READ, Scope.ANSWER, returns=QueueCounts, errors=())
def count_queue(request: HttpRequest, wanted: Query[ListFilters]) -> QueueCounts:
    """How many requests each tab of the queue has."""
    user, view = user_of(request), QueueList(filters=wanted.filters)
    counts = count_each([view.of(tab).requests(user) for tab in TABS])
    return QueueCounts(
        **{tab: Counted.of(n) for tab, n in zip(TABS, counts, strict=True)}
    )


@post(router, "/requests/claim-next", Scope.ANSWER, returns=RequestReply)
def claim_next(request: HttpRequest, given: NextGiven = MOST_URGENT) -> HttpResponse:
    """Keep the first of the requests that are ready for you.

    Without filters and order it is the most urgent. What you have put off, or voted on,
    is not ready. Two who ask at once get two. `404` when there is none.
    """
    user = user_of(request)
    view = QueueList(READY, given.sort, given.filters)
    return act_once(request, lambda: _claim_next(user, view))


def _claim_next(user: User, view: QueueList) -> RequestReply:
    asked = claims.claim_next(user, view.waiting(user))
    if asked is None:
        raise not_found()
    return RequestReply.seen_by(user, get_request(user, asked.pk))
