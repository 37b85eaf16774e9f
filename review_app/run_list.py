"""The list of runs: which it shows, page by page. The address says all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict

from workflows_app import access
from workflows_app.models import InputRequest, Run
from workflows_app.runtime.definitions import current_definitions

Runs: TypeAlias = "QuerySet[Run]"

PAGE_SIZE = 25
PAUSED = "paused"
LONGEST_NAME = 100


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
    """What somebody looks at."""

    status: str = ""
    workflow: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "RunList":
        status = query.get("status", "")
        known = {*Run.Status.values, PAUSED}
        name = query.get("workflow", "").replace("\0", "")[:LONGEST_NAME]
        return cls(status if status in known else "", name)

    @property
    def query(self) -> str:
        """The query string that leads here; empty for the plain list."""
        asked = {"status": self.status, "workflow": self.workflow}
        return urlencode({name: value for name, value in asked.items() if value})

    def page(self, user: User, after: str = "") -> Page:
        """The runs that follow one of them, or the newest."""
        runs = self._runs(user)
        last = _find(user, after)
        if last is not None:
            older = Q(created_at__lt=last.created_at)
            runs = runs.filter(older | Q(created_at=last.created_at, id__lt=last.pk))
        runs = runs.select_related("definition", "source", "started_by")
        runs = runs.defer("state", "input", "result", "error", "definition__body")
        rows = list(runs.annotate(open_requests=_count_open())[: PAGE_SIZE + 1])
        return Page(rows[:PAGE_SIZE], len(rows) > PAGE_SIZE)

    def workflows(self) -> list[str]:
        """Names to filter by."""
        names = set(current_definitions().values_list("name", flat=True))
        return sorted((names | {self.workflow}) - {""})

    def _runs(self, user: User) -> Runs:
        runs = access.visible_runs(user)
        if self.workflow:
            runs = runs.filter(workflow=self.workflow)
        if self.status == PAUSED:
            return runs.filter(paused=True, finished_at=None)
        return runs.filter(status=self.status) if self.status else runs


def _count_open() -> Coalesce:
    asked = InputRequest.objects.filter(run=OuterRef("pk"), status="open").order_by()
    counted = asked.values("run").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


def _find(user: User, text: str) -> Run | None:
    try:
        return access.visible_runs(user).filter(pk=UUID(text)).first()
    except ValueError:
        return None
