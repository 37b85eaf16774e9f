"""The facts around a request, read with one query."""

import json
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import (
    Coalesce,
    Concat,
    JSONObject,
    Now,
    NullIf,
    Trim,
)
from pydantic import TypeAdapter

from review_app.models import Presence
from workflows_app.engine.policy import REVIEWERS
from workflows_app.models import (
    AnswerLink,
    Claim,
    Comment,
    InputRequest,
    InputResponse,
    RunEvent,
)
from workflows_app.runtime.claims import LEASE

from .facts import Facts
from .presence import FRESH

MOST = 200
"""Comments, claims and other rows that are shown; the newest count."""

LOGGED = ("input_delegated", "input_escalated", "input_expired")
"""What only the run's log tells of a request."""

_FACTS = TypeAdapter(Facts)


def read_facts(asked: InputRequest, reader: User) -> Facts:
    """The facts of a request, for somebody who may see it."""
    columns = {
        "claims": _claims(),
        "votes": _votes(),
        "comments": _comments(),
        "links": _links(),
        "presences": ArraySubquery(presences_of(reader)[:MOST]),
        "lines": _lines(asked),
        "people": _people(asked, reader),
    }
    row = InputRequest.objects.filter(pk=asked.pk).values_list(*columns.values()).get()
    oldest_first = {name: found[::-1] for name, found in zip(columns, row, strict=True)}
    facts = _FACTS.validate_python(oldest_first)
    own = [each for each in facts.lines if each.request_id == asked.request_id]
    return replace(facts, lines=own)


def _claims() -> ArraySubquery:
    held = Claim.objects.filter(request=OuterRef("pk")).order_by("-claimed_at")
    row = JSONObject(
        owner="owner__username",
        name=name_of("owner"),
        claimed_at="claimed_at",
        lease_until="lease_until",
        is_live=_is(ended_at=None, lease_until__gt=Now()),
        ended_at="ended_at",
        taken_over_by="taken_over_by__username",
        taker=name_of("taken_over_by"),
        reason="reason",
    )
    return ArraySubquery(held.values(row=row)[:MOST])


def _votes() -> ArraySubquery:
    cast = InputResponse.objects.filter(request=OuterRef("pk")).order_by("-at")
    row = JSONObject(
        kind="responder_kind",
        responder="responder",
        name=Coalesce(name_of("user"), "responder"),
        door="door",
        outcome="outcome",
        reason="reason",
        at="at",
        decides="decides",
        withdrawn_at="withdrawn_at",
    )
    return ArraySubquery(cast.values(row=row)[:MOST])


def _comments() -> ArraySubquery:
    said = Comment.objects.filter(request=OuterRef("pk")).order_by("-at", "-id")
    row = JSONObject(
        id="id",
        author="author__username",
        name=name_of("author"),
        at="at",
        text="text",
        mentions="mentions",
    )
    return ArraySubquery(said.values(row=row)[:MOST])


def _links() -> ArraySubquery:
    made = AnswerLink.objects.filter(request=OuterRef("pk")).order_by("-issued_at")
    row = JSONObject(
        id="id",
        person="person",
        name=name_of("issued_by"),
        issued_at="issued_at",
        expires_at="expires_at",
        needs_sign_in="needs_sign_in",
        is_usable=_is(used_at=None, revoked_at=None, expires_at__gt=Now()),
        used_at="used_at",
        revoked_at="revoked_at",
    )
    return ArraySubquery(made.values(row=row)[:MOST])


def presences_of(reader: User) -> QuerySet[Presence, Any]:
    """Who else has a request before him, for use inside of a query about requests.

    Unsaved text counts for as long as a claim would, whether its page is seen or not.
    """
    kept = Q(seen_at__gt=Now() - FRESH)
    kept |= Q(state=Presence.State.TYPING, seen_at__gt=Now() - LEASE)
    there = Presence.objects.filter(kept, request=OuterRef("pk")).exclude(user=reader)
    row = JSONObject(user="user__username", name=name_of("user"), state="state")
    return there.order_by("user__username").values(row=row)


def _lines(asked: InputRequest) -> ArraySubquery:
    """The rows know nearly all of it; of the log only what they do not."""
    about = {"kind__in": LOGGED, "body__contains": json.dumps(asked.request_id)}
    told = RunEvent.objects.filter(run=OuterRef("run"), **about).order_by("-number")
    row = JSONObject(kind="kind", at="at", actor="actor", content="body")
    return ArraySubquery(told.values(row=row)[:MOST])


def _people(asked: InputRequest, reader: User) -> ArraySubquery:
    """The members of its groups, and all reviewers: they know such work."""
    groups = sorted(REVIEWERS.union(asked.groups))
    known = User.objects.filter(is_active=True, groups__name__in=groups)
    others = known.exclude(pk=reader.pk).order_by("-username").distinct()
    return ArraySubquery(others.values("username")[:MOST])


def _is(**conditions: Any) -> Combinable:
    return ExpressionWrapper(Q(**conditions), output_field=BooleanField())


def name_of(path: str) -> Combinable:
    """How a person is called on pages: by his full name, if he has one."""
    full = Trim(Concat(f"{path}__first_name", Value(" "), f"{path}__last_name"))
    return Coalesce(NullIf(full, Value("")), f"{path}__username")
