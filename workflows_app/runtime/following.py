"""Following a run: its events as they come, and its end. Knows no ORM and no thread."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from uuid import UUID

from workflows_app.engine.errors import NotFinishedError
from workflows_app.engine.events import Event
from workflows_app.stream.log import Line, read
from workflows_app.stream.subscribe import hub, subscribe

from .streamed import EventReader, Wanted

PAGE = 500


async def follow(
    run_id: UUID, reader: EventReader, wanted: Wanted
) -> AsyncGenerator[Event, None]:
    """Old events, then new ones as they come, until the run's last one."""
    async with aclosing(subscribe(run_id, after=wanted.after)) as lines:
        async for line in lines:
            for event in reader.events(line, wanted):
                yield event


def read_events(run_id: UUID, reader: EventReader, wanted: Wanted) -> Iterator[Event]:
    """The events so far."""
    for line in read_lines(run_id, after=wanted.after):
        yield from reader.events(line, wanted)


def read_lines(run_id: UUID, *, after: int = 0) -> Iterator[Line]:
    """The lines so far, page by page."""
    while lines := read(run_id, after=after, most=PAGE):
        yield from lines
        after = lines[-1].number


async def wait_for_end(run_id: UUID, *, after: int, timeout: float | None) -> None:  # noqa: ASYNC109 - engine.md 1
    """Until the run's last line, which is above `after`; else NotFinishedError."""
    try:
        async with asyncio.timeout(timeout) as clock:
            async with aclosing(subscribe(run_id, after=after)) as lines:
                async for _ in lines:
                    pass
    except TimeoutError:
        if clock.expired():
            raise NotFinishedError from None
        raise


def follow_blocking(
    run_id: UUID, reader: EventReader, wanted: Wanted
) -> Iterator[Event]:
    """The same for synchronous code, on a loop of its own."""
    with asyncio.Runner() as runner:
        events = follow(run_id, reader, wanted)
        try:
            while (event := runner.run(_next(events))) is not None:
                yield event
        finally:
            runner.run(events.aclose())


async def _next(events: AsyncGenerator[Event, None]) -> Event | None:
    return await anext(events, None)


async def wait_until_quiet(run_id: UUID, seconds: float) -> bool:
    """Whether nothing runs any more in a held run, within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await hub().wait_until_quiet(run_id)
    except TimeoutError:
        return False
    return True
