"""Deliveries: what came from sources, what came of it, and trying it again. For operators."""

from base64 import b64encode
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from workflows_app.intake.replaying import SourceNotOnError, replay
from workflows_app.intake.trying import Trial, try_out
from workflows_app.models import Delivery, Scope

from .bearer import user_of
from .errors import ApiError
from .found import check_operator
from .inputs import NOTHING, Limit, Name, Nothing
from .keyset import Keyset, matching
from .once import apply_once
from .routes import get, post

router = Router(tags=["deliveries"])
KEYSET: Keyset[Delivery] = Keyset("received_at")

Result: TypeAlias = Literal["started", "answered", "sent", "ignored", "kept", "refused"]


class DeliverySummary(BaseModel):
    """A delivery in a list."""

    id: UUID
    source: str
    delivery_id: str = Field(description="Its sender's name for it, or ours.")
    event: str = Field(description="What kind it says it is.")
    result: str = Field(description="started, answered, sent, ignored, kept or refused")
    status: int = Field(description="Of the reply to it, when it came last.")
    detail: str = Field(description="Why nothing came of it.")
    run_id: UUID | None
    request_id: UUID | None
    received_at: datetime
    times_received: int
    conflicts: int = Field(description="How often the same id came with another body.")

    @staticmethod
    def fields_of(row: Delivery) -> dict[str, Any]:
        names = DeliverySummary.model_fields.keys() - {"source"}
        return {**{n: getattr(row, n) for n in names}, "source": row.source.name}

    @classmethod
    def of(cls, row: Delivery) -> "DeliverySummary":
        return cls(**cls.fields_of(row))


class DeliveryReply(DeliverySummary):
    """A delivery, byte for byte, and what its sender was told."""

    headers: dict[str, str] = Field(
        description="Those that the mapping reads; nobody signs them."
    )
    body: str
    encoding: Literal["utf-8", "base64"] = Field(
        description="How the body is written here: as text where it is text."
    )
    body_digest: str = Field(description="SHA-256 of the body.")
    reply: dict[str, Any] = Field(description="What its sender is told.")

    @classmethod
    def of(cls, row: Delivery) -> "DeliveryReply":
        body, encoding = _as_text(bytes(row.body))
        return cls(
            **DeliverySummary.fields_of(row),
            headers=row.headers,
            body=body,
            encoding=encoding,
            body_digest=row.body_digest,
            reply=row.told if row.reply else {},
        )


class DeliveryPage(BaseModel):
    """Some deliveries, the newest first."""

    items: list[DeliverySummary]
    next: str | None = Field(
        description="The cursor of the next page; none at the end."
    )


class TrialReply(BaseModel):
    """What would come of a delivery now, or what hinders it."""

    intent: str = Field(description="What would be done, in one sentence.")
    values: dict[str, Any] | None = Field(description="What the mapping makes of it.")
    problems: list[str]

    @classmethod
    def of(cls, trial: Trial) -> "TrialReply":
        return cls(
            intent=trial.intent, values=trial.values, problems=list(trial.problems)
        )


class DeliveryFilters(BaseModel):
    """Which deliveries a list shows."""

    source: Name | None = None
    result: Result | None = None
    run: UUID | None = None
    request: UUID | None = None
    cursor: str = ""
    limit: Limit = 50

    @property
    def condition(self) -> Q:
        return matching(
            source__name=self.source,
            result=self.result,
            run=self.run,
            request=self.request,
        )


@get(
    router,
    "/deliveries",
    Scope.READ,
    Scope.OPERATE,
    returns=DeliveryPage,
)
def list_deliveries(
    request: HttpRequest, wanted: Query[DeliveryFilters]
) -> DeliveryPage:
    """What came from all sources and was proven, the newest first."""
    check_operator(user_of(request))
    rows = Delivery.objects.select_related("source").defer("body", "headers", "reply")
    found, after = KEYSET.page(
        rows.filter(wanted.condition), wanted.cursor, wanted.limit
    )
    return DeliveryPage(items=list(map(DeliverySummary.of, found)), next=after)


@get(
    router,
    "/deliveries/{uuid:delivery_id}",
    Scope.READ,
    Scope.OPERATE,
    returns=DeliveryReply,
)
def get_one_delivery(request: HttpRequest, delivery_id: UUID) -> DeliveryReply:
    """A delivery as it came, and what came of it."""
    return DeliveryReply.of(_get(user_of(request), delivery_id))


@get(
    router,
    "/deliveries/{uuid:delivery_id}/trial",
    Scope.READ,
    Scope.OPERATE,
    returns=TrialReply,
)
def try_delivery(request: HttpRequest, delivery_id: UUID) -> TrialReply:
    """What would come of a delivery if it were replayed now. Nothing does."""
    delivery = _get(user_of(request), delivery_id)
    if delivery.is_done:
        return TrialReply(intent="", values=None, problems=[DONE])
    return TrialReply.of(try_out(delivery))


DONE = "Something has come of it already, and counts once."


@post(
    router,
    "/deliveries/{uuid:delivery_id}/replay",
    Scope.OPERATE,
    returns=DeliveryReply,
)
def replay_delivery(
    request: HttpRequest, delivery_id: UUID, given: Nothing = NOTHING
) -> HttpResponse:
    """Let come of a delivery now what its source wants; its `result` tells what did.

    What has come to something stays, and is told as it is.
    """
    user = user_of(request)
    delivery = _get(user, delivery_id)
    # One delivery is one act, so nothing is done twice if we die before the key is kept.
    return apply_once(
        request,
        lambda: _replay(delivery, user),
        lambda: DeliveryReply.of(_get(user, delivery_id)),
    )


def _replay(delivery: Delivery, user: User) -> None:
    try:
        replay(delivery, user.get_username())
    except SourceNotOnError as error:
        raise ApiError(409, "source_not_on", str(error)) from error


def _get(user: User, pk: UUID) -> Delivery:
    check_operator(user)
    return Delivery.objects.select_related("source").get(pk=pk)


def _as_text(body: bytes) -> tuple[str, Literal["utf-8", "base64"]]:
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return b64encode(body).decode(), "base64"
