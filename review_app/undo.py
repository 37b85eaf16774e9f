"""Taking back what one has just decided: what can be, and doing it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from review_app import drafts
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    RequestExpiredError,
    RunFinishedError,
    UnknownRequestError,
)
from workflows_app.engine.policy import BROWSER
from workflows_app.models import InputRequest, InputResponse
from workflows_app.runtime.handler import Handler
from workflows_app.written import KEPT, Text

TOLD_FOR = timedelta(seconds=8)
"""For so long a decision is told after it counts: nobody reads faster."""

MOST_TOLD = 3
"""So many decisions are told at once: more would hide the page. All are in the queue."""

TOO_LATE = (
    AlreadyAnsweredError,
    RequestExpiredError,
    RunFinishedError,
    UnknownRequestError,
)
"""What a run says when there is nothing, or nothing any more, to be taken back."""


TOLD = ("id", "subject", "effective_at")
"""What is told of a request, in the order of the model's fields."""


@dataclass(frozen=True, slots=True)
class Undoable:
    """A decision, or several that were made at once, just now by the reader."""

    request: InputRequest
    outcome: str
    seconds_left: float
    batch: str = ""
    count: int = 1

    def is_of(self, asked: InputRequest) -> bool:
        """Whether the page of a request tells it anyway."""
        return self.request == asked and not self.batch


def undoable(user: User) -> list[Undoable]:
    """What the person has just decided, the newest first; some of it counts already."""
    found: dict[str, Undoable] = {}
    for pk, outcome, key, left, *told in _recent_votes(user.pk).read():
        request = InputRequest.from_db(None, TOLD, told)
        batch = batch_of(key, request.pk)
        name = batch or str(pk)
        known = found.get(name)
        found[name] = Undoable(
            request=request,
            outcome=outcome,
            seconds_left=max(0.0, left.total_seconds()) if left else 0.0,
            batch=batch,
            count=known.count + 1 if known else 1,
        )
    return list(found.values())[:MOST_TOLD]


def batch_of(key: str, pk: UUID) -> str:
    """What the votes of a bulk decision have in common: `<batch>:<request>` is its key."""
    batch, _, request = key.partition(":")
    return batch if request == str(pk) else ""


def take_back(user: User, asked: InputRequest, *, batch: str = "") -> list[UUID]:
    """Undo a decision, or all of a batch; the requests that are open again.

    Each is one transaction. What counts already stays as it is.
    """
    wanted = _requests_of_batch(user, batch) if batch else [asked]
    taken = [each.pk for each in wanted if _take_back(user, each)]
    drafts.restore(user, taken)
    return taken


def _take_back(user: User, asked: InputRequest) -> bool:
    try:
        Handler(asked.run_id).withdraw_vote(asked.request_id, user)
    except TOO_LATE:
        return False
    return True


def _requests_of_batch(user: User, batch: str) -> Iterable[InputRequest]:
    mine = InputResponse.objects.filter(user=user, withdrawn_at=None)
    votes = mine.filter(idempotency_key__startswith=f"{batch}:")
    return [vote.request for vote in votes.select_related("request")]


@lru_cache(maxsize=KEPT)
def _recent_votes(user: int) -> Text:
    """The deciding ones of the browser, each with the time that is left for it."""
    just_closed = Q(status="answered", closed_at__gt=Now() - TOLD_FOR)
    recent = InputRequest.objects.filter(Q(status="decided") | just_closed)
    mine = InputResponse.objects.filter(
        user=user,
        door=BROWSER,
        decides=True,
        withdrawn_at=None,
        request__in=recent.order_by().values("pk"),
    )
    left = ExpressionWrapper(F("request__effective_at") - Now(), DurationField())
    votes = mine.annotate(left=left).order_by("-at")
    told = [f"request__{name}" for name in TOLD]
    return Text.of(votes.values_list("pk", "outcome", "idempotency_key", "left", *told))
