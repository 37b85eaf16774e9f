"""Decisions as a list: which there were in some days, or in which time they were made.

The address says all of it. What the dashboard counts, this list shows.
"""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.dateparse import parse_date

from workflows_app.models import Claim, InputResponse

Votes: TypeAlias = "QuerySet[InputResponse, Any]"

DECIDED, DEADLINE, UNDONE = "decided", "deadline", "undone"
TAKEN_OVER = "taken-over"
WHAT = {
    DECIDED: "Decided",
    DEADLINE: "By deadline",
    UNDONE: "Undone",
    TAKEN_OVER: "Taken over",
}
_MOMENTS = {UNDONE: "withdrawn_at", TAKEN_OVER: "ended_at"}
LONGEST, LONGEST_SECONDS = 150, 9
ANYBODY = "(anybody)"
"""The group of requests that are addressed to no group and to nobody."""

TOOK = F("at") - F("asked_at")


@dataclass(frozen=True, slots=True)
class DecisionList:
    """What somebody looks at: `since` and `until` are days where the reader is.

    `over` and `under` are the seconds from asking to deciding, at least and less than.
    """

    what: str = DECIDED
    since: str = ""
    until: str = ""
    workflow: str = ""
    group: str = ""
    reviewer: str = ""
    over: int = 0
    under: int = 0

    @classmethod
    def read(cls, query: QueryDict) -> "DecisionList":
        what = query.get("what", DECIDED)
        return cls(
            what=what if what in WHAT else DECIDED,
            since=_day_text(query.get("since", "")),
            until=_day_text(query.get("until", "")),
            workflow=_text(query.get("workflow", "")),
            group=_text(query.get("group", "")),
            reviewer=_text(query.get("reviewer", "")),
            over=_seconds(query.get("over", "")),
            under=_seconds(query.get("under", "")),
        )

    @property
    def query(self) -> str:
        plain = DecisionList()
        return urlencode(
            {
                name: value
                for name, value in asdict(self).items()
                if value != getattr(plain, name)
            }
        )

    @property
    def address(self) -> str:
        address = reverse("review:decisions")
        return f"{address}?{self.query}" if self.query else address

    @property
    def label(self) -> str:
        return WHAT[self.what]

    @property
    def plain(self) -> "DecisionList":
        """Everything of the same kind."""
        return DecisionList(what=self.what)

    @property
    def is_narrowed(self) -> bool:
        return self != self.plain

    @property
    def moment(self) -> str:
        """The column by which these rows stand, newest first."""
        return _MOMENTS.get(self.what, "at")

    @property
    def without_reviewer(self) -> "DecisionList":
        return replace(self, reviewer="")

    def of(self, what: str) -> "DecisionList":
        """The same days, with what else there is of them."""
        return DecisionList(what=what, since=self.since, until=self.until)

    def votes(self, zone: ZoneInfo) -> Votes:
        """The votes that decided, newest first."""
        rows = undone() if self.what == UNDONE else decisions()
        if self.what == DEADLINE:
            rows = rows.filter(responder_kind="deadline")
        rows = rows.filter(self._days(zone), self._took())
        if self.workflow:
            rows = rows.filter(workflow=self.workflow)
        if self.group:
            rows = rows.filter(_of_group(self.group))
        if self.reviewer:
            rows = rows.filter(responder_kind="person", responder=self.reviewer)
        return rows.order_by(f"-{self.moment}", "-id")

    def slower(self, than: timedelta | None) -> "DecisionList | None":
        """Those of the list that took so long, or longer; None when nothing did."""
        if than is None:
            return None
        return replace(self, over=max(1, int(than.total_seconds())))

    def take_overs(self, zone: ZoneInfo) -> "QuerySet[Claim]":
        """The claims that somebody else took over, newest first."""
        claims = Claim.objects.filter(self._days(zone), taken_over_by__isnull=False)
        return claims.order_by("-ended_at", "-id")

    def _days(self, zone: ZoneInfo) -> Q:
        found = Q()
        if self.since:
            found &= Q((f"{self.moment}__gte", midnight(self.since, zone)))
        if self.until:
            end = date.fromisoformat(self.until) + timedelta(days=1)
            found &= Q((f"{self.moment}__lt", midnight(end.isoformat(), zone)))
        return found

    def _took(self) -> Q:
        found = Q()
        if self.over:
            found &= Q(at__gte=F("asked_at") + timedelta(seconds=self.over))
        if self.under:
            found &= Q(at__lt=F("asked_at") + timedelta(seconds=self.under))
        return found


def decisions() -> Votes:
    """Each vote that decides a request, made in the run that asked."""
    return InputResponse.objects.filter(
        decides=True, withdrawn_at=None, line__isnull=False
    )


def undone() -> Votes:
    """Decisions that were taken back before they counted."""
    return InputResponse.objects.filter(decides=True, withdrawn_at__isnull=False)


def midnight(day: str, zone: ZoneInfo) -> datetime:
    """When a day begins there."""
    there = datetime.combine(date.fromisoformat(day), time(), zone)
    return there.astimezone(UTC)


def _of_group(name: str) -> Q:
    return Q(groups=[]) if name == ANYBODY else Q(groups__contains=[name])


def _text(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST]


def _day_text(text: str) -> str:
    try:
        day = parse_date(text)
    except ValueError:
        return ""
    return day.isoformat() if day and date.min < day < date.max else ""


def _seconds(text: str) -> int:
    is_number = text.isdecimal() and len(text) <= LONGEST_SECONDS
    return int(text) if is_number else 0
