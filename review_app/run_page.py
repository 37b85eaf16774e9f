"""What the page of a run shows, tab by tab."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models.functions import Length
from django.utils.safestring import mark_safe

from review_app.fragments import draw_lines
from workflows_app import access
from workflows_app.engine import values
from workflows_app.models import InputRequest, Run

SHOWN_LINES = 500
SHOWN_VALUES = 100
SHOWN_REQUESTS = 50
SHOWN_CHILDREN = 20

COPIES = ("state", "values", "inbox", "children")
"""What a snapshot consists of, and nobody wants to see here."""

TIMELINE = "timeline"
TABS = {
    TIMELINE: "Timeline",
    "data": "Input and result",
    "state": "State",
    "snapshots": "Snapshots",
    "deliveries": "Deliveries",
    "callbacks": "Callbacks",
}


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run as one person sees it."""

    run: Run
    user: User
    tab: str = TIMELINE
    before: int | None = None
    """Show the lines below this number; None for the newest."""

    def head(self) -> dict[str, Any]:
        """What may change while somebody looks at it: questions, and what can be done."""
        return {
            "run": self.run,
            "asked": self._asked(),
            "hindrance": find_hindrance(self.user, self.run),
        }

    def context(self) -> dict[str, Any]:
        asked = access.requests_of(self.run).filter(status="open")
        return {
            **self.head(),
            "open_requests": asked.count(),
            "children": self._children(),
            "tabs": TABS,
            "tab": self.tab,
            "label": TABS[self.tab],
            "tab_template": f"review/{_TEMPLATES[self.tab]}.html",
            "may_operate": access.may_operate(self.user, self.run),
            **_READ[self.tab](self),
        }

    def _asked(self) -> list[InputRequest]:
        """Open questions that this person may see, his own first."""
        of_run = access.requests_of(self.run).filter(status="open")
        seen = access.visible_requests(self.user).filter(pk__in=of_run.values("pk"))
        asked = list(seen.defer("shown")[:SHOWN_REQUESTS])
        for request in asked:
            request.run = self.run  # is asked for who started it, once for all
            request.is_mine = access.may_answer(self.user, request)  # type: ignore[attr-defined]
        return sorted(asked, key=lambda request: not request.is_mine)  # type: ignore[attr-defined]

    def _children(self) -> list[Run]:
        """The runs that work for this one, as far as this person may see them."""
        seen = access.visible_runs(self.user).filter(parent=self.run)
        return list(seen.only("workflow").order_by("id")[:SHOWN_CHILDREN])

    def _timeline(self) -> dict[str, Any]:
        newest = self.run.last_number
        last = newest if self.before is None else min(self.before - 1, newest)
        first = max(1, last - SHOWN_LINES + 1)
        rows = draw_lines(self.run.pk, after=first - 1, most=last - first + 1)
        return {
            "first": first,
            "is_newest": last == newest,
            "rows": [mark_safe(row) for row in rows],  # noqa: S308 - drawn by a template
        }

    def _data(self) -> dict[str, Any]:
        run = self.run
        return {
            "input": values.load(run.input),
            "result": values.load(run.result or "null"),
            "result_known": run.status == Run.Status.COMPLETED,
            "error": values.load(run.error) if run.error else None,
        }

    def _state(self) -> dict[str, Any]:
        kept = list(self.run.values.order_by("key")[: SHOWN_VALUES + 1])
        shown = [
            {"key": each.key, "version": each.version, "value": values.load(each.text)}
            for each in kept[:SHOWN_VALUES]
        ]
        hidden = self.run.values.count() - len(shown) if len(kept) > len(shown) else 0
        return {"values": shown, "more": hidden}

    def _snapshots(self) -> dict[str, Any]:
        return {"snapshots": self.run.snapshots.defer(*COPIES)[:500]}

    def _deliveries(self) -> dict[str, Any]:
        deliveries = self.run.deliveries.select_related("source").defer("body")
        return {"deliveries": deliveries.annotate(size=Length("body"))[:500]}

    def _callbacks(self) -> dict[str, Any]:
        callbacks = self.run.callbacks.select_related("receiver").defer("body")
        return {"callbacks": callbacks[:500]}


_TEMPLATES = {
    TIMELINE: "_run_timeline",
    "data": "_run_data",
    "state": "_run_state",
    "snapshots": "_snapshot_rows",
    "deliveries": "_delivery_rows",
    "callbacks": "_callback_rows",
}
_READ: Mapping[str, Callable[[RunPage], dict[str, Any]]] = {
    TIMELINE: RunPage._timeline,  # noqa: SLF001 - its own parts
    "data": RunPage._data,  # noqa: SLF001
    "state": RunPage._state,  # noqa: SLF001
    "snapshots": RunPage._snapshots,  # noqa: SLF001
    "deliveries": RunPage._deliveries,  # noqa: SLF001
    "callbacks": RunPage._callbacks,  # noqa: SLF001
}


def find_hindrance(user: User, run: Run) -> str | None:
    """Why this person cannot pause, resume or abort the run; None when he can."""
    if run.is_finished:
        return f"The run is over: {run.get_status_display()}."
    if not access.may_operate(user, run):
        return "Only operators, and who started the run, may pause or abort it."
    return None
