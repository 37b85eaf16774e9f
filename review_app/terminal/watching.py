"""Looking on: all runs as they change, and one run until it has ended."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from workflows_app.runtime.all_runs import follow_runs
from workflows_app.stream.log import Line
from workflows_app.stream.subscribe import subscribe
from workflows_app.stream.wakeup import end, woken_within

BEAT = 1.0
"""Seconds after which times are shown anew without any news."""

GATHERING = 0.2
"""Seconds in which news are put together, before one looks."""


async def watch_runs(
    viewer: User, after: str, look: Callable[[set[UUID]], None]
) -> None:
    """Look at once, at each change with the runs that have changed, and at each beat.

    It ends when the viewer may see nothing any more.
    """
    changed: set[UUID] = set()
    woken = asyncio.Event()

    async def listen() -> None:
        async with aclosing(follow_runs(viewer, after=after)) as news:
            async for each in news:
                changed.add(UUID(each.event.run_id))
                woken.set()

    listening = asyncio.create_task(listen())
    try:
        while not listening.done():
            found = set(changed)
            changed.clear()
            woken.clear()
            await sync_to_async(look)(found)
            await woken_within(woken, BEAT)
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
