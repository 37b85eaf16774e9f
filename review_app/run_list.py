"""The list of runs: which it shows, page by page. The address says all of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.http import QueryDict
from django.utils.dateparse import parse_date

from workflows_app import access
from workflows_app.models import InputRequest, Run, Source
from workflows_app.runtime.definitions import EXTERNAL, current_definitions

Runs: TypeAlias = "QuerySet[Run]"

PAGE_SIZE = 25
PAUSED = "paused"
STATUSES = [*Run.Status.choices, (PAUSED, "paused")]
LIVE = {Run.Status.RUNNING, Run.Status.WAITING}
WITH_ERROR = {Run.Status.FAILED, Run.Status.ABORTED, Run.Status.TIMED_OUT}
STUCK_AFTER = timedelta(hours=1)
"""A run that should be running and has done nothing for so long needs a look."""
LONGEST_NAME = 150
ME, PROGRAM = "me", "program"
ANY_VALUE = "*"


def stuck(runs: Runs) -> Runs:
    """Those that neither wait for a person nor are paused, and yet do nothing."""
    return runs.filter(
        status=Run.Status.RUNNING,
        finished_at=None,
        paused=False,
        changed_at__lt=Now() - STUCK_AFTER,
    )


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, and whether there are more."""

    rows: Sequence[Run]
    has_more: bool

    @property
    def last(self) -> Run | None:
        """The run after which the next page begins."""
        return self.rows[-1] if self.has_more else None


@dataclass(frozen=True, slots=True)
class RunList:
    """What somebody looks at.

    `tag` names tags that a run must have, all of them: "region=EU, plan=*"; `by` is who
    started it: a person, a webhook source, "me", or "program"; `since` and `until` are
    days.
    """

    status: str = ""
    workflow: str = ""
    stuck: str = ""
    tag: str = ""
    by: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "RunList":
        status = query.get("status", "")
        known = {key for key, _ in STATUSES}
        return cls(
            status=status if status in known else "",
            workflow=_text(query, "workflow"),
            stuck="1" if query.get("stuck") == "1" else "",
            tag=_text(query, "tag"),
            by=_text(query, "by"),
            since=_day_text(query, "since"),
            until=_day_text(query, "until"),
        )

    @property
    def query(self) -> str:
        """The query string that leads here; empty for the plain list."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def is_refined(self) -> bool:
        """Whether it asks for more than what the first line of filters has."""
        return bool(self.stuck or self.tag or self.by or self.since or self.until)

    def page(self, user: User, after: str = "") -> Page:
        """The runs that follow one of them, or the newest."""
        runs = self.runs(user)
        last = _find(user, after)
        if last is not None:
            older = Q(created_at__lt=last.created_at)
            runs = runs.filter(older | Q(created_at=last.created_at, id__lt=last.pk))
        runs = runs.select_related("definition", "source", "started_by")
        runs = runs.defer("state", "input", "result", "error", "definition__body")
        rows = list(runs.annotate(open_requests=_count_open())[: PAGE_SIZE + 1])
        return Page(rows[:PAGE_SIZE], len(rows) > PAGE_SIZE)

    def workflows(self) -> list[str]:
        """Names to filter by; what lives elsewhere comes last."""
        names = set(current_definitions().values_list("name", flat=True))
        named = sorted((names | {self.workflow}) - {"", EXTERNAL.name})
        return [*named, EXTERNAL.name]

    def sources(self) -> list[str]:
        """The webhook sources, for who looks for what one of them started."""
        return list(Source.objects.order_by("name").values_list("name", flat=True))

    def runs(self, user: User) -> Runs:
        """All of them. What says also whether they have ended is found by an index."""
        runs = access.visible_runs(user)
        if self.workflow:
            runs = runs.filter(workflow=self.workflow)
        if self.stuck:
            runs = stuck(runs)
        if self.tag:
            runs = runs.filter(_tagged(self.tag))
        if self.by:
            runs = runs.filter(_started_by(self.by, user))
        if self.since:
            runs = runs.filter(created_at__gte=_midnight(self.since))
        if self.until:
            runs = runs.filter(created_at__lt=_midnight(self.until) + timedelta(days=1))
        return runs.filter(**_of_status(self.status))


def _of_status(status: str) -> dict[str, Any]:
    """What is true of these runs, as the indexes know it."""
    if status == PAUSED:
        return {"paused": True, "finished_at": None}
    if status in LIVE:
        return {"status": status, "finished_at": None}
    if status in WITH_ERROR:
        return {"status": status, "error__isnull": False}
    return {"status": status} if status else {}


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\0", "").strip()[:LONGEST_NAME]


def _day_text(query: QueryDict, name: str) -> str:
    day = _day(query.get(name, ""))
    return day.isoformat() if day else ""


def _day(text: str) -> date | None:
    """A day after which there is another one; None for anything else."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day < date.max else None


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def _tagged(text: str) -> Q:
    """All of the named tags; one without a value, or with `*`, may have any."""
    found = Q()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        is_any = value in ("", ANY_VALUE)
        found &= Q(tags__has_key=name) if is_any else Q(tags__contains={name: value})
    return found


def _started_by(name: str, user: User) -> Q:
    if name == ME:
        return Q(started_by=user)
    if name == PROGRAM:
        return Q(started_by=None, source=None)
    return Q(started_by__username__iexact=name) | Q(source__name__iexact=name)


def _count_open() -> Coalesce:
    asked = InputRequest.objects.filter(run=OuterRef("pk"), status="open").order_by()
    counted = asked.values("run").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


def _find(user: User, text: str) -> Run | None:
    try:
        return access.visible_runs(user).filter(pk=UUID(text)).first()
    except ValueError:
        return None
