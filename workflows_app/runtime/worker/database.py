"""Threads for database work beside a loop, each with a connection that it keeps."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import local
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

AWAY = (OperationalError, InterfaceError, InternalError)
"""What is raised while the database cannot be reached, or has just gone."""

BRIEF, PATIENT = "500ms", "30s"
"""How long a transaction may stand still before the server ends it."""

LENIENCE = 30.0
"""Seconds after a lost connection for which transactions may stand still longer: the
reason may have been a state that takes long to work on, which must get through."""


class DatabaseThreads:
    """A few threads; more work waits for one of them to be free.

    `brief` is for processes that run steps: one that holds the interpreter's lock can
    freeze them in the middle of a transaction, and the run that it has locked must not
    wait for that.
    """

    def __init__(self, number: int, *, brief: bool = False) -> None:
        self._threads = ThreadPoolExecutor(number, "database")
        self._kept = _Kept()
        self._brief_from = 0.0 if brief else float("inf")

    async def run(self, act: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: self._guard(act, *given, **named)
        )

    def _guard(self, act: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Keep the thread's connection, unless it broke."""
        try:
            self._prepare()
            return act(*given, **named)
        except AWAY:
            self._throw_away()
            raise

    def _prepare(self) -> None:
        wanted = BRIEF if monotonic() >= self._brief_from else PATIENT
        connection.ensure_connection()
        if self._kept.state != (connection.connection, wanted):
            with connection.wrap_database_errors:
                connection.connection.execute(
                    f"SET idle_in_transaction_session_timeout = '{wanted}'"
                )
            self._kept.state = connection.connection, wanted

    def _throw_away(self) -> None:
        """Closed, so that the pool gives it to nobody: it is set up for us alone."""
        self._brief_from = max(self._brief_from, monotonic() + LENIENCE)
        if connection.connection is not None:
            connection.connection.close()
        connection.close()
        self._kept.state = None


class _Kept(local):
    """The connection of a thread, and what it was told."""

    state: tuple[Any, str] | None = None
