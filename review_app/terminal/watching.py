"""Looking on: all runs as they change, and one run until it has ended."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection

from workflows_app.runtime.all_runs import follow_runs
from workflows_app.stream.log import Line
from workflows_app.stream.subscribe import subscribe
from workflows_app.stream.wakeup import end, woken_within

BEAT = 1.0
"""Seconds after which times are shown anew without any news."""

GATHERING = 0.2
"""Seconds in which news are put together, before one looks."""

AWAY = (OperationalError, InterfaceError)

Look: TypeAlias = Callable[[set[UUID]], None]


async def watch_runs(viewer: User, after: str, look: Look) -> None:
    """Look at once, at each change with the runs that have changed, and at each beat.

    It outlives the database's absence, and ends when the viewer may see nothing any more.
    """
    news = _News(after)
    while True:
        try:
            await _watch(viewer, news, look)
        except AWAY:
            await sync_to_async(_hang_up)()
            await asyncio.sleep(BEAT)
        else:
            return


def _hang_up() -> None:
    """The connection of the thread that looks; the next look makes another."""
    connection.close()


@dataclass
class _News:
    """How far one has read, and which runs have changed since one looked."""

    cursor: str
    changed: set[UUID] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, viewer: User) -> None:
        async with aclosing(follow_runs(viewer, after=self.cursor)) as news:
            async for each in news:
                self.cursor = each.cursor
                self.changed.add(UUID(each.event.run_id))
                self.woken.set()


async def _watch(viewer: User, news: _News, look: Look) -> None:
    listening = asyncio.create_task(news.listen(viewer))
    try:
        while not listening.done():
            news.woken.clear()
            found = set(news.changed)
            await sync_to_async(look)(found)
            news.changed -= found
            await woken_within(news.woken, BEAT)
            await asyncio.sleep(GATHERING)
        await listening
    finally:
        await end(listening)


async def watch_to_end(
    run_id: UUID, seconds: float | None, tell: Callable[[Line], None]
) -> bool:
    """Tell each line of a run; whether it has ended within so many seconds."""
    try:
        async with asyncio.timeout(seconds) as clock:
            async with aclosing(subscribe(run_id)) as lines:
                async for line in lines:
                    tell(line)
    except TimeoutError:
        if clock.expired():
            return False
        raise
    return True
