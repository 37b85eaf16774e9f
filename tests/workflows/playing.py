"""Plays a workflow in memory: the real reducer and steps, with scripted answers."""

import json
from collections.abc import Mapping
from typing import Any

from workflows_app.engine import Context, Workflow, values
from workflows_app.engine.commands import (
    ChangeState,
    Command,
    Finish,
    OpenRequest,
    Refuse,
    RunStep,
    StartAttempt,
)
from workflows_app.engine.context import Attempt, Stored
from workflows_app.engine.emission import as_emitted, as_start
from workflows_app.engine.policy import Responder
from workflows_app.engine.reducer import reduce
from workflows_app.engine.state import Call, State
from workflows_app.engine.ticks import (
    CallClaimed,
    Started,
    StateChange,
    StepCompleted,
    StepConflicted,
    Tick,
    VoteCast,
)


class Play:
    """One run: `answer` what is open, then look at `result`."""

    def __init__(self, workflow: Workflow, fields: Mapping[str, Any]) -> None:
        self.workflow = workflow
        self.state = State()
        self.stored: dict[str, Stored] = {}
        self.shown: dict[str, dict[str, Any]] = {}
        self.finish: Finish | None = None
        self.ready: list[Call] = []
        self.apply(Started(as_start(workflow.start_class(**fields)), at=1.0))
        self.run_steps()

    @property
    def open(self) -> list[str]:
        return list(self.state.requests)

    @property
    def result(self) -> Any:
        assert self.finish is not None, "the run goes on"
        assert self.finish.result is not None, self.finish.error
        return values.load(self.finish.result)

    def answer(self, request_id: str, outcome: str, by: str, /, **answer: Any) -> None:
        self.vote(request_id, outcome, by, **answer)
        self.run_steps()

    def vote(self, request_id: str, outcome: str, by: str, /, **answer: Any) -> None:
        """Answer without running the step that takes it; `reason` is the reason."""
        reason = answer.pop("reason", "")
        groups = frozenset({"leads"} if by == "dana" else {"reviewers"})
        responder = Responder("person", by, groups)
        given = {"outcome": outcome, "reason": reason, "responder": responder}
        self.apply(VoteCast(request_id, answer, **given, at=2.0))

    def run_steps(self) -> None:
        while self.ready:
            self.commit(self.attempt(self.ready.pop(0)))

    def attempt(self, call: Call) -> StepCompleted:
        """Run a step's body on what is stored now; nothing is committed yet."""
        self.apply(CallClaimed(call.number, "test", at=3.0))
        step = self.workflow.steps[call.step]
        attempt = Attempt("run", self.workflow.name, step.name, str(call.number), 1)
        context = Context(attempt, dict(self.stored), lambda record: None)
        kind = self.workflow.event_types[call.event.type]
        returned = step(context, kind(**values.load(call.event.body)))
        return StepCompleted(
            call.number,
            self.state.calls[call.number].attempt,
            tuple(as_emitted(returned, step.name)),
            tuple(context.state.changes),
            at=3.0,
        )

    def commit(self, done: StepCompleted) -> None:
        """Commit an attempt, unless a key that it read and wrote has changed since."""
        keys = tuple(c.key for c in done.changes if self._is_stale(c))
        conflict = StepConflicted(done.call, done.attempt, keys, at=4.0)
        self.apply(conflict if keys else done)

    def apply(self, tick: Tick) -> None:
        self.state, commands = reduce(self.workflow.definition, self.state, tick)
        for command in commands:
            self._perform(command)

    def _perform(self, command: Command) -> None:
        if isinstance(command, RunStep):
            self.ready.append(command.call)
        elif isinstance(command, ChangeState):
            for change in command.changes:
                version = self._version(change.key) + 1
                self.stored[change.key] = Stored(change.text, version)
        elif isinstance(command, OpenRequest):
            shown = json.loads(command.request.shown)
            self.shown[command.request.request_id] = shown
        elif isinstance(command, Finish):
            self.finish = command
        elif isinstance(command, Refuse):
            raise command.error
        else:
            assert not isinstance(command, StartAttempt) or command.call.running

    def _is_stale(self, change: StateChange) -> bool:
        return change.read is not None and change.read != self._version(change.key)

    def _version(self, key: str) -> int:
        return self.stored[key].version if key in self.stored else 0
