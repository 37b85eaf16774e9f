"""What there is to filter by: names that occur in the newest of the requests."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Subquery

from review_app.queue.filters import CREATED, DUE, ME, UNCLAIMED
from review_app.queue.order import SORTS
from review_app.queue.tabs import ALL, DECIDED, live_claims, requests_of
from review_app.queue_list import QueueList

LOOKED_AT = 500
MOST = 100
"""Options of one list: in longer ones nobody finds anything."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A list to choose from; the empty value means all."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


def choices(view: QueueList, user: User) -> list[Choice]:
    """The lists of the filter form; what is chosen is always among them."""
    names = _names(view, user)
    people = [(name, name) for name in names["owner"] if name != user.get_username()]
    options = {
        "workflow": [("", "Any"), *_same(names["workflow"])],
        "step": [("", "Any"), *_same(names["step"])],
        "group": [("", "Any"), *_same(names["group"])],
        "due": [("", "Any time"), *DUE.items()],
        "owner": [("", "Anybody"), (UNCLAIMED, "Unclaimed"), (ME, "Me"), *people],
        "tag": [("", "Any"), *_same(names["tag"])],
        "created": [
            ("", "Any time"),
            *[(k, label) for k, (label, _) in CREATED.items()],
        ],
    }
    chosen = {name: view.filters.get(name, "") for name in options}
    return [
        Choice(name, name.capitalize(), _with(chosen[name], each), chosen[name])
        for name, each in options.items()
    ]


def sorts() -> list[tuple[str, str]]:
    return list(SORTS.items())


def _names(view: QueueList, user: User) -> dict[str, list[str]]:
    """What occurs in the newest requests of the tab, each name once."""
    tab = DECIDED if view.tab == DECIDED else ALL
    owner = Subquery(live_claims().values("owner__username")[:1])
    newest = requests_of(tab, user).order_by("-opened_at", "-id")[:LOOKED_AT]
    rows = newest.values_list("workflow", "step", "groups", "tags", owner)
    found: dict[str, set[str]] = {name: set() for name in _FROM_ROWS}
    for workflow, step, groups, tags, holder in rows:
        found["workflow"].add(workflow)
        found["step"].add(step)
        found["group"].update(groups)
        found["tag"].update(tags, (f"{key}={value}" for key, value in tags.items()))
        found["owner"].add(holder or "")
    return {name: sorted(each - {""})[:MOST] for name, each in found.items()}


_FROM_ROWS = ("workflow", "step", "group", "tag", "owner")


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def _with(chosen: str, options: list[tuple[str, str]]) -> list[tuple[str, str]]:
    is_known = chosen in [value for value, _ in options]
    return options if is_known else [*options, (chosen, chosen)]
