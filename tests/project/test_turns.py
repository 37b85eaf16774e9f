"""Requests that come at once: a few are served, the others wait their turn."""

import asyncio
from typing import Any

from project.turns import Turns


class Busy:
    """An application that serves a request when it is told to."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.served: list[str] = []
        self._go_on = asyncio.Semaphore(0)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.inside.append(scope["path"])
        try:
            await self._go_on.acquire()
            self.served.append(scope["path"])
        finally:
            self.inside.remove(scope["path"])

    async def serve(self, count: int) -> None:
        for _ in range(count):
            self._go_on.release()
            await settle()


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def nothing(*_: Any) -> Any:
    return None


def ask(turns: Turns, path: str) -> "asyncio.Task[None]":
    return asyncio.create_task(turns({"path": path}, nothing, nothing))


async def test_the_others_wait_in_order_until_somebody_leaves() -> None:
    busy = Busy()
    turns = Turns(busy, at_once=2)
    asked = [ask(turns, f"/{number}") for number in range(5)]
    await settle()
    assert busy.inside == ["/0", "/1"]

    await busy.serve(5)

    await asyncio.gather(*asked)
    assert busy.served == ["/0", "/1", "/2", "/3", "/4"]


async def test_who_goes_away_leaves_the_line() -> None:
    busy = Busy()
    turns = Turns(busy, at_once=1)
    first, second, third = (ask(turns, path) for path in ("/1", "/2", "/3"))
    await settle()

    second.cancel()
    await busy.serve(2)

    await asyncio.gather(first, third)
    assert busy.served == ["/1", "/3"]


async def test_a_request_that_fails_makes_room() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise OSError

    turns = Turns(failing, at_once=1)

    for _ in range(2):
        assert isinstance(
            (await asyncio.gather(ask(turns, "/"), return_exceptions=True))[0], OSError
        )


async def test_probes_wait_for_nobody() -> None:
    busy = Busy()
    turns = Turns(busy, at_once=1)
    asked = [ask(turns, path) for path in ("/1", "/healthz", "/readyz")]
    await settle()
    assert busy.inside == ["/1", "/healthz", "/readyz"]

    await busy.serve(3)
    await asyncio.gather(*asked)


def test_each_loop_has_a_line_of_its_own() -> None:
    turns = Turns(nothing, at_once=1)

    for _ in range(2):
        asyncio.run(turns({"path": "/"}, nothing, nothing))
