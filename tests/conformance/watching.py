"""How a test looks at a run: through its stream, with a limit."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from workflows_app.engine import LifecycleEvent

Test = Callable[..., Any]


def on_postgres(test: Test) -> Test:
    """Mark a case that needs the database, and a worker in processes of its own."""
    marks = (
        pytest.mark.django_db(transaction=True),
        pytest.mark.usefixtures("worker"),
    )
    for mark in marks:
        test = mark(test)
    return test


async def see(
    handler: Any, kind: str, *, step: str = "", after: int = 0, seconds: float = 20.0
) -> Any:
    """The first event of a kind in the run's stream, as soon as it is there."""
    async with (
        asyncio.timeout(seconds),
        aclosing(handler.stream_events(after=after)) as events,
    ):
        async for event in events:
            if event.kind == kind and step in {"", event.source_step}:
                return event
    raise AssertionError(f"the run ended without {kind} {step}")


async def lines(handler: Any, kind: str, step: str = "") -> list[Any]:
    """The lines of a kind that the run's log has so far."""
    return [
        event
        async for event in handler.stream_events(follow=False)
        if isinstance(event, LifecycleEvent)
        and event.kind == kind
        and step in {"", event.step_name}
    ]


async def count(handler: Any, kind: str, step: str = "") -> int:
    return len(await lines(handler, kind, step))


async def all_events(handler: Any) -> list[Any]:
    """The whole stream, followed to its end."""
    async with asyncio.timeout(20):
        return [event async for event in handler.stream_events()]
