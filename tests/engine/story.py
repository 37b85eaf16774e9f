"""Drives the reducer by hand: a run as state and the commands of its last tick."""

from dataclasses import replace
from typing import Any, TypeVar

from workflows_app.engine import emission
from workflows_app.engine.commands import Command, Publish
from workflows_app.engine.definition import Definition
from workflows_app.engine.events import StartEvent
from workflows_app.engine.reducer import reduce
from workflows_app.engine.state import Call, State
from workflows_app.engine.ticks import CallClaimed, Started, StepCompleted, Tick
from workflows_app.engine.workflow import Workflow

T = TypeVar("T")


class Story:
    """One run, without a database: every tick is a second later than the one before."""

    def __init__(self, workflow: Workflow, **fields: Any) -> None:
        self.definition: Definition = workflow.definition
        self.state = State()
        self.commands: list[Command] = []
        self.lines: list[Publish] = []
        self.now = 1000.0
        event = workflow.start_class(**fields)
        assert isinstance(event, StartEvent)
        self.tick(Started(emission.as_start(event)))

    def tick(self, tick: Tick) -> "Story":
        self.now += 1.0
        before = self.state.dump()
        after, self.commands = reduce(
            self.definition, self.state, replace(tick, at=self.now)
        )
        assert self.state.dump() == before, "the given state is left as it is"
        self.state = State.load(after.dump())
        assert self.state == after, "a state survives its text"
        self.lines += self.of(Publish)
        return self

    def of(self, kind: type[T]) -> list[T]:
        return [command for command in self.commands if isinstance(command, kind)]

    @property
    def kinds(self) -> list[str]:
        return [line.kind for line in self.lines]

    def claim(self, number: int | None = None) -> Call:
        """Let a worker take a call: the first that is ready, if none is named."""
        ready = [c.number for c in self.state.calls.values() if not c.running]
        number = ready[0] if number is None else number
        self.tick(CallClaimed(number, "worker"))
        return self.state.calls[number]

    def complete(self, call: Call, *events: Any) -> "Story":
        emitted = emission.as_emitted(list(events), call.step)
        return self.tick(StepCompleted(call.number, call.attempt, tuple(emitted)))
