"""The rows of the queue: a request, who is at it, and how far it has come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce, JSONObject, Now
from pydantic import TypeAdapter

from review_app.models import Draft, Snooze
from review_app.queue.due import due_state
from review_app.queue.tabs import live_claims, named
from review_app.together.names import name_of
from review_app.together.presence import presences_of
from workflows_app.engine.policy import ReviewPolicy
from workflows_app.models import Comment, InputRequest, InputResponse, Run
from workflows_app.written import ANY, KEPT, Text

NAMED_VIEWERS = 3
ROW = "row_"
"""How the names of columns begin which are no fields of a request."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has claimed the request, and until when."""

    owner: str
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody else who has the request before him."""

    user: str
    name: str
    state: Literal["viewing", "idle", "typing"]


@dataclass(frozen=True, slots=True)
class Voter:
    """Somebody, or a deadline, whose answer stands."""

    kind: str
    user: str
    name: str
    outcome: str
    at: datetime
    decides: bool


@dataclass(frozen=True, slots=True)
class RunFact:
    """The run that asks: whether an operator holds it, and the version of its workflow."""

    is_held: bool
    version: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database tells of a row beside the request itself."""

    holder: Holder | None
    viewers: list[Viewer]
    voters: list[Voter]
    comments: int
    has_draft: bool
    snoozed_until: datetime | None
    run: RunFact
    drawn_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A request as the queue tells of it to one reader."""

    asked: InputRequest
    seen: Seen
    reader: str
    policy: ReviewPolicy

    @property
    def is_mine(self) -> bool:
        return self.seen.holder is not None and self.seen.holder.owner == self.reader

    @property
    def due(self) -> str:
        return due_state(self.asked, self.seen.drawn_at)

    @property
    def on_due(self) -> str:
        """The outcome that the deadline decides, if one was named for it."""
        return str(self.policy.on_due or "")

    @property
    def needed(self) -> int:
        """How many people must agree."""
        return self.policy.approvals

    @property
    def votes(self) -> int:
        """How many agree so far on what most of them chose."""
        chosen = [vote.outcome for vote in self.seen.voters]
        return max((chosen.count(outcome) for outcome in chosen), default=0)

    @property
    def decision(self) -> Voter | None:
        return next((vote for vote in self.seen.voters if vote.decides), None)

    @property
    def is_decided_by_me(self) -> bool:
        vote = self.decision
        return vote is not None and (vote.kind, vote.user) == ("person", self.reader)

    @property
    def offers_bulk(self) -> bool:
        """Whether its policy lets it be decided together with others."""
        return self.policy.bulk

    @property
    def mark(self) -> str:
        """Changes with everything that the row says, but for the passing of time."""
        seen = self.seen
        told = (self.asked.status, self.due, seen.holder, seen.viewers, seen.voters)
        more = (seen.comments, seen.has_draft, seen.run, seen.snoozed_until)
        return sha256(repr((told, more)).encode()).hexdigest()[:12]


_SEEN = TypeAdapter(Seen)


def make_rows(found: Iterable[InputRequest], reader: User) -> list[Row]:
    """These requests with all that a row tells, read for all of them at once."""
    requests = list(found)
    seen = _read_seen([asked.pk for asked in requests], reader)
    return [
        Row(asked, seen[asked.pk], reader.get_username(), _policy_of(asked))
        for asked in requests
        if asked.pk in seen
    ]


def _policy_of(asked: InputRequest) -> ReviewPolicy:
    return ReviewPolicy.load(asked.policy_rules)


def _read_seen(requests: list[UUID], reader: User) -> dict[UUID, Seen]:
    rows = _seen_by(reader.pk).about({ANY: requests}).read()
    return {pk: _SEEN.validate_json(told) for pk, told in rows}


@lru_cache(maxsize=KEPT)
def _seen_by(reader: int) -> Text:
    """Written once for each reader."""
    columns = _columns(User(pk=reader))
    told = {f"{ROW}{name}": column for name, column in columns.items()}
    requests = named([ANY]).order_by().annotate(**told)
    every = Text.of(requests.values_list("id", *told))
    each = ", ".join(f"'{name}', {ROW}{name}" for name in columns)
    sql = f"SELECT id, json_build_object({each})::text FROM ({every.sql}) seen"  # noqa: S608 - Django's own text
    return Text(sql, every.parameters)


def _columns(reader: User) -> dict[str, Any]:
    mine = {"request": OuterRef("pk"), "user": reader}
    presences = presences_of(reader)[:NAMED_VIEWERS]
    snoozes = Snooze.objects.filter(**mine, until__gt=Now())
    runs = Run.objects.filter(pk=OuterRef("run_id"))
    return {
        "holder": Subquery(live_claims().values(row=_holder())[:1]),
        "viewers": ArraySubquery(presences),
        "voters": ArraySubquery(_voters()),
        "comments": Coalesce(Subquery(_comment_count()), 0),
        "has_draft": Exists(Draft.objects.filter(**mine, sent_at=None)),
        "snoozed_until": Subquery(snoozes.values("until")),
        "run": Subquery(runs.values(row=_run())),
        "drawn_at": Now(),
    }


def _run() -> JSONObject:
    return JSONObject(is_held="paused", version="definition__version")


def _holder() -> JSONObject:
    return JSONObject(
        owner="owner__username", name=name_of("owner"), until="lease_until"
    )


def _voters() -> Any:
    """Those whose answer stands, oldest first."""
    standing = InputResponse.objects.filter(request=OuterRef("pk"), withdrawn_at=None)
    row = JSONObject(
        kind="responder_kind",
        user="responder",
        name=Coalesce(name_of("user"), "responder", output_field=CharField()),
        outcome="outcome",
        at="at",
        decides="decides",
    )
    return standing.order_by("at").values(row=row)


def _comment_count() -> Any:
    said = Comment.objects.filter(request=OuterRef("pk")).order_by()
    return said.values("request").annotate(count=Count("pk")).values("count")
