"""A worker's work on one attempt, done in the test's own thread."""

import asyncio

from workflows_app.engine.body import Body, Ended
from workflows_app.engine.session import Sessions
from workflows_app.engine.state import Call, EventRecord
from workflows_app.engine.ticks import StepRemembered, StepWaited, StreamWritten, Tick
from workflows_app.runtime.worker.execute import Granted


class Notes:
    """A link that notes what the body tells its run, to be told when it has ended."""

    def __init__(self, call: Call) -> None:
        self._call = call.number, call.attempt
        self.ticks: list[Tick] = []

    @property
    def written(self) -> list[EventRecord]:
        lines = [tick for tick in self.ticks if isinstance(tick, StreamWritten)]
        return [record for tick in lines for record in tick.events]

    def write(self, record: EventRecord) -> None:
        self.ticks.append(StreamWritten(*self._call, (record,)))

    def remember(self, key: str, text: str) -> None:
        self.ticks.append(StepRemembered(*self._call, key, text))

    async def remember_async(self, key: str, text: str) -> None:
        self.remember(key, text)

    def wait_begins(self, reason: str, limit: float | None) -> None:
        self.ticks.append(StepWaited(*self._call, reason))

    def wait_ends(self) -> None:
        self.ticks.append(StepWaited(*self._call))


def run_attempt(
    granted: Granted, sessions: Sessions | None = None
) -> tuple[Ended, list[Tick]]:
    """What the body did, and what it told its run meanwhile."""
    notes = Notes(granted.start.call)
    body = Body(granted.find_workflow(), granted.attempt, notes, sessions or Sessions())
    ended = asyncio.run(body.run_async()) if body.is_async else body.run()
    return ended, notes.ticks
