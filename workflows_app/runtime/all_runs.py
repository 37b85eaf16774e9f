"""One stream of all runs that somebody may see, filtered by tags (R56).

Its cursors neither skip what is committed late nor repeat anything. What the viewer may
see is asked anew again and again: a right that is taken away ends what it showed.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db.models import Q

from workflows_app import access
from workflows_app.access import Viewer
from workflows_app.engine.errors import ValidationError
from workflows_app.engine.events import Event
from workflows_app.stream.all_runs import (
    Look,
    Place,
    RunLine,
    Statement,
    follow_all,
    newest,
    read_all,
    statement,
)

from .streamed import EventReader, Wanted

RIGHTS = 5.0
"""Seconds for which it is believed what somebody may see."""

ANY_VALUE = "*"

Types = Collection[type[Event] | str] | None


@dataclass(frozen=True, slots=True)
class RunNews:
    """An event of a run (`event.run_id`), and the cursor to go on behind it."""

    event: Event
    workflow: str
    cursor: str


@dataclass(frozen=True, slots=True)
class NewsPage:
    """Some news, the cursor behind them, and whether there are more already.

    The cursor moves without news, too, when only runs of others have gone on.
    """

    news: list[RunNews]
    cursor: str
    is_more: bool


def newest_cursor() -> str:
    """For those who want to hear of nothing that was before."""
    return str(newest())


def read_runs(
    viewer: Viewer,
    *,
    tags: Sequence[str] = (),
    after: str = "",
    lifecycle: bool = True,
    types: Types = None,
) -> NewsPage:
    """Some of what happened after a cursor, in the order in which all readers get it.

    `tags` are conditions that all must hold: `key=value`, or `key=*` for any value.
    Raises ValidationError for what is no condition, or no cursor of this database.
    """
    wanted = Wanted(lifecycle=lifecycle, types=Wanted.names(types))
    place, condition = Place.read(after), read_tags(tags)
    runs = access.visible_runs(viewer).filter(condition)
    look = read_all(runs, place) if viewer.is_active else Look([], place)
    return NewsPage(_news(look, wanted), str(look.place), look.is_more)


async def follow_runs(
    viewer: User,
    *,
    tags: Sequence[str] = (),
    after: str = "",
    lifecycle: bool = True,
    types: Types = None,
) -> AsyncGenerator[RunNews, None]:
    """What happened after a cursor, and what happens, until the viewer may see nothing.

    It takes and raises what `read_runs` does.
    """
    wanted = Wanted(lifecycle=lifecycle, types=Wanted.names(types))
    reader = _Reader(viewer, read_tags(tags))
    looks = follow_all(sync_to_async(reader.ask), Place.read(after))
    async with aclosing(looks):
        async for look in looks:
            found = await sync_to_async(_news)(look, wanted) if look.lines else ()
            for news in found:
                yield news


def read_tags(tags: Sequence[str]) -> Q:
    """What a run must fulfil; raises ValidationError for what is no condition."""
    wanted = Q()
    for tag in tags:
        key, is_one, value = tag.partition("=")
        if not key or not is_one:
            raise ValidationError(
                f"{tag!r} is no condition: write key=value, or key=*."
            )
        is_any = value == ANY_VALUE
        wanted &= Q(tags__has_key=key) if is_any else Q(tags__contains={key: value})
    return wanted


class _Reader:
    """Who follows, and what he may see, as it was a moment ago."""

    def __init__(self, viewer: User, condition: Q) -> None:
        self._viewer, self._condition = viewer, condition
        self._known_at = monotonic()

    def ask(self, after: Place) -> Statement | None:
        """The statement to look with; None when there is nothing to see any more."""
        if monotonic() > self._known_at + RIGHTS:
            self._know_again()
        if not self._viewer.is_active:
            return None
        runs = access.visible_runs(self._viewer).filter(self._condition)
        return statement(runs, after)

    def _know_again(self) -> None:
        found = User.objects.filter(pk=self._viewer.pk).first()
        self._viewer = found or User(is_active=False)
        self._known_at = monotonic()


def _news(look: Look, wanted: Wanted) -> list[RunNews]:
    return [
        RunNews(event, found.workflow, str(found.place))
        for found in look.lines
        for event in _reader(found).events(found.line, wanted)
    ]


def _reader(found: RunLine) -> EventReader:
    return EventReader.of_run(found.line.run_id, found.workflow, found.definition)
