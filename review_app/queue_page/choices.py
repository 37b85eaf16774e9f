"""What there is to filter by: names that occur in the newest of the requests."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.contrib.auth.models import User
from django.db.models import Subquery

from review_app.queue.filters import CREATED, DUE, ME, UNCLAIMED
from review_app.queue.order import SORTS
from review_app.queue.tabs import ALL, DECIDED, live_claims, requests_of
from review_app.queue_list import QueueList
from workflows_app.access import Reader
from workflows_app.written import KEPT, Text

LOOKED_AT = 1000
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
    text = _each_once(Reader.of(user), DECIDED if view.tab == DECIDED else ALL)
    (found,) = text.read()
    workflows, steps, holders, groups, tags = (each or [] for each in found)
    pairs = [pair for each in tags for pair in json.loads(each).items()]
    names = {
        "workflow": workflows,
        "step": steps,
        "owner": holders,
        "group": [name for each in groups for name in json.loads(each)],
        "tag": [word for key, value in pairs for word in (key, f"{key}={value}")],
    }
    return {key: sorted({n for n in each if n})[:MOST] for key, each in names.items()}


@lru_cache(maxsize=KEPT)
def _each_once(reader: Reader, tab: str) -> Text:
    """Arrays of different lengths cannot be put together to one; texts can."""
    newest = requests_of(tab, reader.user).order_by("-opened_at", "-id")
    holder = Subquery(live_claims().values("owner__username")[:1])
    rows = newest.annotate(holder=holder)[:LOOKED_AT]
    text = Text.of(rows.values_list("workflow", "step", "groups", "tags", "holder"))
    each = ("workflow", "step", "holder", "to_jsonb(groups)::text", "tags::text")
    arrays = ", ".join(f"array_agg(DISTINCT {one})" for one in each)
    sql = f"SELECT {arrays} FROM ({text.sql}) newest"  # noqa: S608 - Django's own text
    return Text(sql, text.parameters)


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def _with(chosen: str, options: list[tuple[str, str]]) -> list[tuple[str, str]]:
    is_known = chosen in [value for value, _ in options]
    return options if is_known else [*options, (chosen, chosen)]
