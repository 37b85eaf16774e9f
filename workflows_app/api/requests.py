"""Input requests: see them, put one before people, and wait for its decision."""

from typing import Literal, TypeAlias
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from workflows_app import access
from workflows_app.models import InputRequest, Scope
from workflows_app.runtime import external
from workflows_app.runtime.external import Asker

from .bearer import token_of, user_of
from .found import HEAVY_REQUEST, get_request
from .inputs import Limit, Name, Person, QuestionGiven, Wait
from .keyset import TAG, Keyset, tagged
from .once import act_once, lasting_key
from .question import as_asked
from .request_shapes import DecisionReply, RequestPage, RequestReply, RequestSummary
from .routes import get, post
from .waiting import Closed, wish

router = Router(tags=["requests"])
KEYSET: Keyset[InputRequest] = Keyset("opened_at")

RequestStatus: TypeAlias = Literal[
    "open", "decided", "answered", "expired", "withdrawn"
]


class RequestFilters(BaseModel):
    """Which input requests a list shows."""

    status: RequestStatus | None = None
    run: UUID | None = Field(default=None, description="And the runs that work for it.")
    workflow: Name | None = None
    group: Person | None = Field(default=None, description="To which it is addressed.")
    tag: list[Name] = Field(default=[], description=TAG)
    answerable: bool = Field(
        default=False, description="Only what is open and addressed to you."
    )
    cursor: str = ""
    limit: Limit = 50

    @property
    def condition(self) -> Q:
        found = tagged(self.tag)
        if self.status:
            found &= Q(status=self.status)
        if self.run:
            found &= Q(run=self.run) | Q(root_id=self.run)
        if self.workflow:
            found &= Q(workflow=self.workflow)
        return found & Q(groups__contains=[self.group]) if self.group else found


@get(router, "/requests", Scope.READ, returns=RequestPage, errors=())
def list_requests(request: HttpRequest, wanted: Query[RequestFilters]) -> RequestPage:
    """The input requests that you may see, the newest first."""
    user = user_of(request)
    visible = access.answerable if wanted.answerable else access.visible_requests
    rows = visible(user).filter(wanted.condition).defer(*HEAVY_REQUEST)
    found, after = KEYSET.page(rows, wanted.cursor, wanted.limit)
    return RequestPage(items=list(map(RequestSummary.of, found)), next=after)


@post(router, "/requests", Scope.ASK, returns=RequestReply, status=201, errors=(409,))
def ask(request: HttpRequest, given: QuestionGiven) -> HttpResponse:
    """Put a question before people. Then wait for its decision.

    Give an idempotency key that you can make again after a crash: the same key is the
    same question, for ever.
    """
    return act_once(request, lambda: _ask(request, given), status=201)


def _ask(request: HttpRequest, given: QuestionGiven) -> RequestReply:
    user = user_of(request)
    asker = Asker(
        user=user,
        token_id=token_of(request).pk,
        groups=tuple(given.visible_to),
        tags=given.tags,
    )
    run_id = external.ask(as_asked(given), key=lasting_key(request), asker=asker)
    asked = InputRequest.objects.select_related("run__started_by").get(run=run_id)
    return RequestReply.seen_by(user, asked)


@get(router, "/requests/{uuid:pk}", Scope.READ, returns=RequestReply)
def get_one_request(request: HttpRequest, pk: UUID) -> RequestReply:
    """What is asked, of whom, and what has been answered so far."""
    user = user_of(request)
    return RequestReply.seen_by(user, get_request(user, pk))


@get(
    router,
    "/requests/{uuid:pk}/decision",
    Scope.ASK,
    Scope.READ,
    returns=DecisionReply,
)
def get_decision(request: HttpRequest, pk: UUID, wait: Wait = 0) -> DecisionReply:
    """What was decided.

    With `wait`, the reply comes as soon as the request takes no answer any more, at the
    latest after so many seconds. Ask again while the status is `open` or `decided`.
    """
    asked = get_request(user_of(request), pk)
    is_waiting = asked.status in {
        InputRequest.Status.OPEN,
        InputRequest.Status.DECIDED,
    }
    if is_waiting and wait:
        wish(request, Closed(pk, wait))
    return DecisionReply.of(asked)
