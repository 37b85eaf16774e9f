"""What there is to filter by: names that occur in the newest of the requests."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Func, JSONField, Subquery

from review_app.queue.filters import CREATED, DUE, ME, UNCLAIMED
from review_app.queue.order import SORTS
from review_app.queue.tabs import ALL, DECIDED, live_claims, requests_of
from review_app.queue_list import QueueList

LOOKED_AT = 1000
MOST = 100
"""Options of one list: in longer ones nobody finds anything."""

COLUMNS = [
    ("workflow", "workflow"),
    ("step", "step"),
    ("group", "group_names"),
    ("owner", "holder"),
    ("tag", "tags"),
]


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
    newest = requests_of(tab, user).order_by("-opened_at", "-id")
    holder = Subquery(live_claims().values("owner__username")[:1])
    rows = newest.annotate(holder=holder, group_names=_as_json("groups"))[:LOOKED_AT]
    all_of_it = rows.aggregate(**{name: _each_once(column) for name, column in COLUMNS})
    found = {name: each or [] for name, each in all_of_it.items()}
    tags = [pair for each in found["tag"] for pair in each.items()]
    names = {
        "workflow": found["workflow"],
        "step": found["step"],
        "group": [name for each in found["group"] for name in each],
        "owner": found["owner"],
        "tag": [word for key, value in tags for word in (key, f"{key}={value}")],
    }
    return {key: sorted({n for n in each if n})[:MOST] for key, each in names.items()}


def _each_once(column: str) -> ArrayAgg:
    return ArrayAgg(column, distinct=True)


def _as_json(column: str) -> Func:
    """Arrays of different lengths cannot be put together to one; texts can."""
    return Func(column, function="to_jsonb", output_field=JSONField())


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def _with(chosen: str, options: list[tuple[str, str]]) -> list[tuple[str, str]]:
    is_known = chosen in [value for value, _ in options]
    return options if is_known else [*options, (chosen, chosen)]
