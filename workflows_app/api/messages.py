"""The outbox: what leaves the house, what became of it, and sending it again. For operators."""

from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from workflows_app.models import Message, Scope
from workflows_app.notify.outbox import MOST_RESENT, resend

from .bearer import user_of
from .errors import not_found
from .found import check_operator
from .inputs import Given, Id, Limit, Name, Person
from .json_reply import stored
from .keyset import Keyset, matching
from .once import act_once
from .routes import get, post

router = Router(tags=["messages"])
KEYSET: Keyset[Message] = Keyset("created_at")

MessageStatus: TypeAlias = Literal["pending", "delivered", "failed", "superseded"]
ChannelName: TypeAlias = Literal["callback", "slack", "mail"]


class MessageSummary(BaseModel):
    """A message in a list."""

    id: UUID
    channel: str = Field(description="callback, slack or mail")
    kind: str = Field(description="What it tells of: `request.opened`, ...")
    receiver: str | None = Field(description="Whom it is for, if no person.")
    person: str | None
    run_id: UUID
    request_id: UUID | None
    status: str = Field(description="pending, delivered, failed or superseded")
    attempts: int
    last_reply: str = Field(description="A status code, or what went wrong.")
    created_at: datetime
    due_at: datetime | None = Field(description="When it is sent, or sent again.")
    delivered_at: datetime | None

    @staticmethod
    def fields_of(row: Message) -> dict[str, Any]:
        names = MessageSummary.model_fields.keys() - {"receiver", "person"}
        return {
            **{name: getattr(row, name) for name in names},
            "receiver": row.receiver.name if row.receiver else None,
            "person": row.person.get_username() if row.person else None,
        }

    @classmethod
    def of(cls, row: Message) -> "MessageSummary":
        return cls(**cls.fields_of(row))


class MessageReply(MessageSummary):
    """A message, and what a callback says."""

    body: Any = Field(
        description="What a callback says; of mails and Slack it is made when sent."
    )

    @classmethod
    def of(cls, row: Message) -> "MessageReply":
        return cls(**MessageSummary.fields_of(row), body=stored(row.body or None))


class MessagePage(BaseModel):
    """Some messages, the newest first."""

    items: list[MessageSummary]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class ResentReply(BaseModel):
    """How many are sent again."""

    resent: int


class MessageFilters(BaseModel):
    """Which messages a list shows."""

    status: MessageStatus | None = None
    channel: ChannelName | None = None
    kind: Name | None = None
    receiver: Name | None = None
    person: Person | None = None
    run: UUID | None = None
    request: UUID | None = None
    cursor: str = ""
    limit: Limit = 50

    @property
    def condition(self) -> Q:
        return matching(
            status=self.status,
            channel=self.channel,
            kind=self.kind,
            receiver__name=self.receiver,
            person__username=self.person,
            run=self.run,
            request=self.request,
        )


class ResendGiven(Given):
    """Which messages are sent again, whatever became of them before."""

    ids: list[Id] = Field(min_length=1, max_length=MOST_RESENT)


@get(router, "/messages", Scope.READ, Scope.OPERATE, returns=MessagePage)
def list_messages(request: HttpRequest, wanted: Query[MessageFilters]) -> MessagePage:
    """What leaves the house, the newest first."""
    check_operator(user_of(request))
    rows = Message.objects.select_related("receiver", "person").defer("body")
    found, after = KEYSET.page(
        rows.filter(wanted.condition), wanted.cursor, wanted.limit
    )
    return MessagePage(items=list(map(MessageSummary.of, found)), next=after)


@get(
    router,
    "/messages/{uuid:message_id}",
    Scope.READ,
    Scope.OPERATE,
    returns=MessageReply,
)
def get_one_message(request: HttpRequest, message_id: UUID) -> MessageReply:
    """A message, with what a callback says."""
    check_operator(user_of(request))
    rows = Message.objects.select_related("receiver", "person")
    return MessageReply.of(rows.get(pk=message_id))


@post(router, "/messages/send-again", Scope.OPERATE, returns=ResentReply)
def send_messages_again(request: HttpRequest, given: ResendGiven) -> HttpResponse:
    """Send messages again, under their own ids, whatever became of them before.

    All of them, or none: `404` when one is not there.
    """
    check_operator(user_of(request))
    return act_once(request, lambda: _resend(set(given.ids)))


def _resend(ids: set[UUID]) -> ResentReply:
    if Message.objects.filter(pk__in=ids).count() < len(ids):
        raise not_found()
    return ResentReply(resent=resend(ids))
