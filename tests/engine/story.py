"""Drives the reducer by hand: a run as state and the commands of its last tick."""

from dataclasses import replace
from typing import Any, TypeVar

from workflows_app.engine import emission
from workflows_app.engine.commands import Command, Finish, Publish
from workflows_app.engine.definition import Definition
from workflows_app.engine.events import StartEvent
from workflows_app.engine.reducer import reduce
from workflows_app.engine.state import Call, State
from workflows_app.engine.state_text import dump_state, load_state
from workflows_app.engine.ticks import (
    CallClaimed,
    Started,
    StepCompleted,
    StepFailed,
    Tick,
)
from workflows_app.engine.workflow import Workflow

T = TypeVar("T")


class Story:
    """One run, without a database: every tick is a second later than the one before."""

    def __init__(self, workflow: Workflow | Definition, **fields: Any) -> None:
        if isinstance(workflow, Definition):
            self.definition, event = workflow, StartEvent()
        else:
            self.definition = workflow.definition
            event = workflow.start_class(**fields)
        self.state = State()
        self.commands: list[Command] = []
        self.lines: list[Publish] = []
        self.asked: set[str] = set()
        self.now = 1000.0
        self.tick(Started(emission.as_start(event)))

    def tick(self, tick: Tick) -> "Story":
        self.now += 1.0
        before = dump_state(self.state)
        after, self.commands = reduce(
            self.definition, self.state, replace(tick, at=self.now)
        )
        assert dump_state(self.state) == before, "the given state is left as it is"
        self.state = load_state(dump_state(after))
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
        ready = [c.number for c in self.state.calls.values() if c.phase == "ready"]
        number = ready[0] if number is None else number
        self.tick(CallClaimed(number, "worker"))
        return self.state.calls[number]

    def complete(self, call: Call, *events: Any, **more: Any) -> "Story":
        emitted = tuple(emission.as_emitted(list(events), call.step))
        return self.tick(StepCompleted(call.number, call.attempt, emitted, **more))

    def fail(self, call: Call, *, kind: str = "ValueError", **more: Any) -> "Story":
        return self.tick(StepFailed(call.number, call.attempt, kind, "no", **more))

    def claim_step(self, name: str) -> Call:
        """Let a worker take the first ready call of a step."""
        ready = [c for c in self.state.calls.values() if c.phase == "ready"]
        return self.claim(next(c.number for c in ready if c.step == name))

    @property
    def status(self) -> str:
        return self.state.status

    @property
    def ready(self) -> list[str]:
        """The steps of the calls that a worker may take now."""
        calls = self.state.calls.values()
        return [call.step for call in calls if call.phase == "ready"]

    @property
    def error(self) -> dict[str, Any]:
        """What the run failed with, in the last tick."""
        error = self.of(Finish)[0].error
        assert error is not None
        return dict(error)
