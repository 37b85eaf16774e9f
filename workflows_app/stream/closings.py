"""Waiting for requests to be closed: thousands wait, and one look is for all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

from workflows_app.models import InputRequest

from .wakeup import AWAY, Listener, request_topic, woken_within

GATHERING = 0.02
"""Seconds in which questions of several who wait are put into one statement."""
POLL = 5.0
"""Seconds after which one looks again without a wake-up (jittered)."""

_REQUESTS = InputRequest._meta.db_table  # noqa: SLF001 - Django's documented place
READ_CLOSED = f"""
    SELECT id FROM {_REQUESTS}
    WHERE id = ANY(%s) AND status NOT IN ('open', 'decided')
"""  # noqa: S608 - our own name

Query: TypeAlias = Callable[[str, tuple[Any, ...]], Awaitable[list[tuple[Any, ...]]]]


class Closings:
    """Tells those of one event loop who wait when their requests are closed."""

    def __init__(self, listener: Listener, query: Query) -> None:
        self._listener = listener
        self._query = query
        self._asked: set[UUID] = set()
        self._look: asyncio.Task[set[UUID]] | None = None

    async def wait(self, pk: UUID) -> None:
        """Until the request takes no answer any more, whatever has become of it."""
        async with self._listener.watch(request_topic(pk)) as woken:
            while True:
                woken.clear()  # before the look: what comes now wakes us again
                if await self._is_closed(pk):
                    return
                await woken_within(woken, POLL)

    async def _is_closed(self, pk: UUID) -> bool:
        """Look together with the others who want to know it now."""
        if self._look is None:
            self._look = asyncio.create_task(self._find_closed())
        self._asked.add(pk)
        return pk in await asyncio.shield(self._look)

    async def _find_closed(self) -> set[UUID]:
        """Which are closed; none while the database is away: the next poll will tell."""
        await asyncio.sleep(GATHERING)
        asked, self._asked, self._look = list(self._asked), set(), None
        try:
            return {row[0] for row in await self._query(READ_CLOSED, (asked,))}
        except AWAY:
            return set()
