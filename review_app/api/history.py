"""What has happened around a request, as its page tells it."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from review_app.together.history import Moment
from review_app.together.seen import together
from workflows_app.api.bearer import user_of
from workflows_app.api.found import get_request
from workflows_app.api.routes import get
from workflows_app.models import Scope

router = Router(tags=["requests"])


class MomentReply(BaseModel):
    """Something happened: who did what, to whom, and why."""

    at: datetime
    kind: str = Field(description="opened, claimed, taken_over, voted, decided, ...")
    who: str = Field(description="As people read it: the full name, if there is one.")
    what: str
    whom: str
    reason: str
    door: str

    @classmethod
    def of(cls, moment: Moment) -> "MomentReply":
        return cls(**{name: getattr(moment, name) for name in cls.model_fields})


class HistoryReply(BaseModel):
    """All that happened, oldest first."""

    items: list[MomentReply]


@get(
    router,
    "/requests/{uuid:pk}/history",
    Scope.READ,
    Scope.ANSWER,
    returns=HistoryReply,
)
def get_history(request: HttpRequest, pk: UUID) -> HistoryReply:
    """Who has held a request, handed it on, voted, taken back, made links, and when."""
    user = user_of(request)
    told = together(user, get_request(user, pk)).history
    return HistoryReply(items=list(map(MomentReply.of, told)))
