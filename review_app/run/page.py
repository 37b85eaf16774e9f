"""What the page of a run shows, tab by tab."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models.functions import Length

from workflows_app import access
from workflows_app.engine import values
from workflows_app.models import InputRequest, Run

from .actions import find_actions, find_reasons
from .drawing import draw_graph
from .kept import Cover, looks_at, search_state
from .line_filter import LONGEST_SEARCH, SHOWS, Filter
from .lines import Place, read_part
from .points import MOST, Point, reasons, snapshots_of

SHOWN_REQUESTS = 200
SHOWN_CHILDREN = 20
SHOWN_ROWS = 500

TIMELINE = "timeline"
TABS = {
    TIMELINE: "Timeline",
    "graph": "Graph",
    "snapshots": "Snapshots",
    "state": "State",
    "data": "Input and result",
    "deliveries": "Deliveries",
    "messages": "Messages sent",
}


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run as one person sees it."""

    run: Run
    user: User
    tab: str = TIMELINE
    asked: Filter = field(default_factory=Filter)
    place: Place = field(default_factory=Place)
    words: str = ""
    """What is searched in the state."""
    shows_secrets: bool = False

    def head(self) -> dict[str, Any]:
        """What may change while somebody looks at it: questions, and what can be done."""
        asked, more = self._asked()
        actions = find_actions(self.user, self.run)
        return {
            "run": self.run,
            "asked": asked,
            "more_asked": more,
            "actions": actions,
            "why_not": find_reasons(actions),
            "may_operate": access.may_operate(self.user, self.run),
        }

    def context(self) -> dict[str, Any]:
        asked = access.requests_of(self.run).filter(status="open")
        return {
            **self.head(),
            "open_requests": asked.count(),
            "children": self._children(),
            "relatives": self._relatives(),
            "tabs": TABS,
            "tab": self.tab,
            "label": TABS[self.tab],
            "tab_template": f"review/{_TEMPLATES[self.tab]}.html",
            "snapshot_count": self.run.snapshots.count(),
            **_READ[self.tab](self),
        }

    def graph(self) -> dict[str, Any]:
        return {"run": self.run, "graph": draw_graph(self.run, self.user)}

    def _asked(self) -> tuple[list[InputRequest], int]:
        """Open questions that this person may see, his own first; how many more."""
        of_run = access.requests_of(self.run).filter(status="open")
        seen = access.visible_requests(self.user).filter(pk__in=of_run.values("pk"))
        asked = list(seen.defer("shown")[: SHOWN_REQUESTS + 1])
        more = seen.count() - SHOWN_REQUESTS if len(asked) > SHOWN_REQUESTS else 0
        for request in asked:
            request.run = self.run  # is asked for who started it, once for all
            request.is_mine = access.may_answer(self.user, request)  # type: ignore[attr-defined]
        shown = asked[:SHOWN_REQUESTS]
        return sorted(shown, key=lambda request: not request.is_mine), more  # type: ignore[attr-defined]

    def _children(self) -> list[Run]:
        """The runs that work for this one, as far as this person may see them."""
        seen = access.visible_runs(self.user).filter(parent=self.run)
        return list(seen.only("workflow").order_by("id")[:SHOWN_CHILDREN])

    def _relatives(self) -> set[UUID]:
        """The runs that this one is named with, as far as this person may see them."""
        named = [pk for pk in (self.run.parent_id, self.run.forked_from) if pk]
        if not named:
            return set()
        seen = access.visible_runs(self.user).filter(pk__in=named)
        return set(seen.values_list("pk", flat=True))

    def _timeline(self) -> dict[str, Any]:
        return {
            "asked_lines": self.asked,
            "shows": [
                (key, label, self.asked.showing(key).query)
                for key, label in SHOWS.items()
            ],
            "part": read_part(self.run, self.asked, self.place),
        }

    def _data(self) -> dict[str, Any]:
        run, cover = self.run, self._cover()
        return {
            "input": cover(values.load(run.input)),
            "result": cover(values.load(run.result or "null")),
            "result_known": run.status == Run.Status.COMPLETED,
            "error": cover(values.load(run.error)) if run.error else None,
            **self._secrets(cover),
        }

    def _state(self) -> dict[str, Any]:
        cover = self._cover()
        search = search_state(self.run, self.words, cover)
        return {"search": search, "words": self.words, **self._secrets(cover)}

    def _cover(self) -> Cover:
        return Cover.of(self.run, is_lifted=self.shows_secrets)

    def _secrets(self, cover: Cover) -> dict[str, Any]:
        return {
            "masked": cover.redactor.count,
            "shows_secrets": self.shows_secrets,
            "looks": looks_at(self.run),
        }

    def _snapshots(self) -> dict[str, Any]:
        snapshots = snapshots_of(self.run)[:MOST]
        points = [Point.of(self.run, snapshot) for snapshot in snapshots]
        return {"points": points, "reasons": reasons(points)}

    def _deliveries(self) -> dict[str, Any]:
        deliveries = self.run.deliveries.select_related("source").defer("body")
        return {"deliveries": deliveries.annotate(size=Length("body"))[:SHOWN_ROWS]}

    def _messages(self) -> dict[str, Any]:
        told = self.run.messages.select_related("receiver", "person", "request")
        unread = ("body", "request__shown", "request__policy")
        return {"told": told.defer(*unread)[:SHOWN_ROWS]}


def read_words(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST_SEARCH]


_TEMPLATES = {
    TIMELINE: "_run_timeline",
    "graph": "_run_graph",
    "snapshots": "_snapshot_rows",
    "state": "_run_state",
    "data": "_run_data",
    "deliveries": "_delivery_rows",
    "messages": "_message_rows",
}
_READ: Mapping[str, Callable[[RunPage], dict[str, Any]]] = {
    TIMELINE: RunPage._timeline,  # noqa: SLF001 - its own parts
    "graph": RunPage.graph,
    "snapshots": RunPage._snapshots,  # noqa: SLF001
    "state": RunPage._state,  # noqa: SLF001
    "data": RunPage._data,  # noqa: SLF001
    "deliveries": RunPage._deliveries,  # noqa: SLF001
    "messages": RunPage._messages,  # noqa: SLF001
}
