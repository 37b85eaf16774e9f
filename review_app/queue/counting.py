"""Counts of several lists in one query, each up to one more than is ever shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.contrib.auth.models import User

from workflows_app.access import MOST_COUNTED, Reader
from workflows_app.written import ANY, KEPT, Text

from .due import SOON
from .tabs import Requests, known_of, ready

KNOWN = ("id", "subject", "priority", "opened_at", "expires_at")
"""What is read of each row of a short list, in the order of the model's fields."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many questions wait, and how many of them are late or will be before long."""

    count: int
    urgent: int


def count_each(lists: Sequence[Requests]) -> list[int]:
    """How many requests each list has: pages show many counts, and ask once."""
    return count_texts([bounded(found) for found in lists])


def count_texts(texts: Sequence[Text]) -> list[int]:
    """The same of lists that are written already."""
    counts = [f"(SELECT count(*) FROM ({text.sql}) counted)" for text in texts]  # noqa: S608 - Django's own text
    parameters = [each for text in texts for each in text.parameters]
    (found,) = Text(f"SELECT {', '.join(counts)}", tuple(parameters)).read()
    return list(found)


def bounded(found: Requests) -> Text:
    """What is KNOWN of the rows of a list, up to one more than is ever counted."""
    return Text.of(found.order_by().values_list(*KNOWN)[: MOST_COUNTED + 1])


def bounded_of(tab: str, user: User, ids: list[UUID]) -> Text:
    """That of what a tab shows of open requests that are known by their ids."""
    return _bounded_of(tab, Reader.of(user)).about({ANY: ids})


def count_ready(user: User) -> Waiting:
    """What the frame of every page tells its reader, read once for each user object."""
    known: Waiting | None = getattr(user, "_holdpoint_waiting", None)
    if known is None:
        known = _count_ready(user)
        user._holdpoint_waiting = known  # type: ignore[attr-defined]  # noqa: SLF001
    return known


def _count_ready(user: User) -> Waiting:
    text = _ready(Reader.of(user))
    urgent = "expires_at < statement_timestamp() + %s"
    sql = f"SELECT count(*), count(*) FILTER (WHERE {urgent}) FROM ({text.sql}) ready"  # noqa: S608 - Django's own text
    ((count, urgent_count),) = Text(sql, (SOON, *text.parameters)).read()
    return Waiting(count, urgent_count)


@lru_cache(maxsize=KEPT)
def _bounded_of(tab: str, reader: Reader) -> Text:
    return bounded(known_of(tab, reader.user, [ANY]))


@lru_cache(maxsize=KEPT)
def _ready(reader: Reader) -> Text:
    return bounded(ready(reader.user))
