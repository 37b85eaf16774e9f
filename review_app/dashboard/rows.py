"""The rows of a list of decisions, page by page and as CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from review_app.csv_text import csv_lines
from workflows_app.access import MOST_COUNTED
from workflows_app.models import Claim, InputRequest, InputResponse
from workflows_app.shown.visible import visible

from .decisions import TAKEN_OVER, DecisionList

PAGE_SIZE = 25
MOST_EXPORTED = 10_000
LARGE = ("request__shown", "request__policy", "answer")
COLUMNS = (
    "at",
    "request",
    "subject",
    "workflow",
    "step",
    "who",
    "what",
    "reason",
    "seconds since asked",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What somebody did with a request; `taken_over_by` only where that happened."""

    pk: object
    at: datetime
    request: InputRequest
    who: str
    outcome: str
    reason: str
    took: timedelta
    taken_over_by: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, how many there are in all, and after which the next page begins."""

    rows: Sequence[Row]
    count: int
    last: object


def read_page(view: DecisionList, zone: ZoneInfo, after: str) -> Page:
    """The rows behind one of them, or the newest."""
    found = listed(view, zone)
    count = found.order_by()[: MOST_COUNTED + 1].count()
    page = list(_following(found, view.moment, after)[: PAGE_SIZE + 1])
    rows = [make_row(each) for each in page[:PAGE_SIZE]]
    return Page(rows, count, rows[-1].pk if len(page) > PAGE_SIZE else None)


def export(view: DecisionList, zone: ZoneInfo) -> Iterator[str]:
    """The list as CSV, up to a number of lines."""
    found = listed(view, zone)[:MOST_EXPORTED]
    return csv_lines(COLUMNS, (_cells(make_row(each)) for each in found))


def listed(view: DecisionList, zone: ZoneInfo) -> "QuerySet[Any]":
    """What a list shows, the newest first."""
    if view.what == TAKEN_OVER:
        people = view.take_overs(zone).select_related("owner", "taken_over_by")
        return people.select_related("request").defer(*LARGE[:2])
    return view.votes(zone).select_related("request", "user").defer(*LARGE)


def _following(found: "QuerySet[Any]", moment: str, after: str) -> "QuerySet[Any]":
    last = _find(found.model, after)
    if last is None:
        return found
    at = getattr(last, moment)
    older = Q((f"{moment}__lt", at)) | Q((moment, at), ("id__lt", last.pk))
    return found.filter(Q((f"{moment}__lte", at)), older)


def _find(model: type[Model], text: str) -> Any:
    try:
        return model._default_manager.filter(pk=text).first() if text else None  # noqa: SLF001
    except (ValueError, ValidationError):
        return None


def make_row(found: InputResponse | Claim) -> Row:
    if isinstance(found, Claim):
        assert found.ended_at is not None
        return Row(
            pk=found.pk,
            at=found.ended_at,
            request=found.request,
            who=_name(found.owner),
            outcome="",
            reason=found.reason,
            took=found.ended_at - found.request.opened_at,
            taken_over_by=_name(found.taken_over_by),
        )
    return Row(
        pk=found.pk,
        at=found.withdrawn_at or found.at,
        request=found.request,
        who="the deadline" if found.responder_kind == "deadline" else found.responder,
        outcome=found.outcome,
        reason=found.reason,
        took=found.at - found.asked_at,
    )


def _name(user: Any) -> str:
    return user.get_username() if user else ""


def _cells(row: Row) -> tuple[Any, ...]:
    return (
        row.at.isoformat(),
        str(row.request.pk),
        visible(row.request.subject),
        row.request.workflow,
        row.request.step,
        row.who,
        f"taken over by {row.taken_over_by}" if row.taken_over_by else row.outcome,
        visible(row.reason),
        round(row.took.total_seconds()),
    )
