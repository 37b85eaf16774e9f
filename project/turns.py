"""Requests take turns: so many at once are in Django, and the others wait before it.

Each request in Django holds a thread, and wants a connection of a small pool. When
thousands come at the same moment, as after a restart, they would all wait for each
other there, be refused, and come again. Here they wait in order, and cost no thread.
"""

from asyncio import AbstractEventLoop, Semaphore, get_running_loop
from weakref import WeakKeyDictionary

from project.database import POOL
from workflows_app.api.waiting import Application, Receive, Scope, Send

AT_ONCE = POOL["max_size"] - 2
"""Each has a connection for as long as it takes, and nobody waits for one in vain. Two
are left for sockets and for those who wait without a thread.
"""

PROBES = frozenset({"/healthz", "/readyz"})
"""Whoever asks how it is wants to know it now."""


class Turns:
    """Stands before Django's application, and lets requests in as others leave."""

    def __init__(self, application: Application, at_once: int = AT_ONCE) -> None:
        self._application = application
        self._at_once = at_once
        self._doors: WeakKeyDictionary[AbstractEventLoop, Semaphore] = (
            WeakKeyDictionary()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in PROBES:
            await self._application(scope, receive, send)
            return
        async with self._door:
            await self._application(scope, receive, send)

    @property
    def _door(self) -> Semaphore:
        """Of the running loop: a server has one, tests have many."""
        return self._doors.setdefault(get_running_loop(), Semaphore(self._at_once))
