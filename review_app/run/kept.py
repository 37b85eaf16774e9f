"""What the steps of a run keep and were given, without its secrets unless they are shown."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from review_app.json_text import json_text
from workflows_app.engine import values
from workflows_app.models import Run
from workflows_app.runtime.definitions import get_definition
from workflows_app.shown.redaction import Redactor, secret_names

log = logging.getLogger(__name__)

SHOWN = 100
SHOWN_LOOKS = 5
LOOKED = "Looked at secrets"
MARKS = ('"writeOnly"', '"x-secret"', '"password"')
"""What a schema has somewhere that marks a field as secret."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One key of a run's state, as it is shown."""

    key: str
    version: int
    value: Any


@dataclass(frozen=True, slots=True)
class Cover:
    """Masks the secrets of one run, or lets them be seen; counts what it has masked."""

    redactor: Redactor
    is_lifted: bool

    @classmethod
    def of(cls, run: Run, *, is_lifted: bool = False) -> "Cover":
        names = frozenset() if is_lifted else secret_names(_schemas(run))
        return cls(Redactor(names), is_lifted)

    def __call__(self, value: Any, name: str = "") -> Any:
        return value if self.is_lifted else self.redactor.mask(value, name)


def _schemas(run: Run) -> Iterable[Any]:
    """The schemas of what the run takes, and of the answers it asked for, that mark some."""
    yield get_definition(run.definition_id).input_schema
    marked = Q()
    for mark in MARKS:
        marked |= Q(shown__contains=mark)
    for shown in run.requests.filter(marked).values_list("shown", flat=True):
        yield json.loads(shown)["schema"]


@dataclass(frozen=True, slots=True)
class Search:
    """The values of a run's state that words are found in, and how many there are."""

    found: list[Kept]
    fitting: int
    total: int

    @property
    def more(self) -> int:
        return self.fitting - len(self.found)


def search_state(run: Run, words: str, cover: Cover) -> Search:
    """The values that mention some words, in their key or in what is shown of them."""
    kept = [
        Kept(row.key, row.version, cover(values.load(row.text), row.key))
        for row in run.values.order_by("key")
    ]
    fitting = [each for each in kept if _mentions(each, words.casefold())]
    return Search(fitting[:SHOWN], len(fitting), len(kept))


def _mentions(kept: Kept, words: str) -> bool:
    """Secrets cannot be found by guessing: what is masked is not searched."""
    if not words or words in kept.key.casefold():
        return True
    return words in json_text(kept.value).casefold()


# Who has looked


def note_look(run: Run, user: User) -> None:
    """Write down that somebody sees the secrets of a run, before he does."""
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(Run),
        object_id=str(run.pk),
        object_repr=str(run)[:200],
        action_flag=CHANGE,
        change_message=LOOKED,
    )
    log.warning("Showing the secrets of run %s to %s", run.pk, user.get_username())


def looks_at(run: Run) -> QuerySet[LogEntry]:
    """Who has seen the secrets of the run, newest first."""
    looks = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Run),
        object_id=str(run.pk),
        change_message=LOOKED,
    )
    return looks.select_related("user")[:SHOWN_LOOKS]
