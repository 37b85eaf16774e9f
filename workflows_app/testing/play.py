"""A run that a test plays: answer, move the clock, look, and say how it must be."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from workflows_app.engine import values
from workflows_app.engine.commands import Publish
from workflows_app.engine.emission import as_start
from workflows_app.engine.errors import UnknownRequestError
from workflows_app.engine.events import Event, StartEvent
from workflows_app.engine.policy import PROGRAM
from workflows_app.engine.ticks import (
    Aborted,
    CallDue,
    CallLost,
    Delegated,
    EventSent,
    Paused,
    RequestDue,
    Resumed,
    RunTimedOut,
    Started,
    StepFailed,
    StepTimedOut,
    Tick,
    VoteCast,
    VoteWithdrawn,
)
from workflows_app.engine.workflow import Workflow

from .memory import Memory, MemoryRun, value_of
from .people import Person
from .question import Question
from .waits import Meanwhile
from .worker import Worker


def play(
    workflow: Workflow,
    /,
    *,
    started_by: Person | None = None,
    while_waiting: Meanwhile | None = None,
    **fields: Any,
) -> "Play":
    """Start a run in memory, and do all its steps until it needs a person or time.

    `while_waiting(wait)` is what people do, in a thread of their own, when a step blocks
    on them in `ctx.waiting`; without it the step waits for whoever comes.
    Raises what `workflow.start` would for input that does not fit.
    """
    event = workflow.start_class(**fields)
    assert isinstance(event, StartEvent)
    return Play(workflow, event, started_by=started_by, while_waiting=while_waiting)


class Play:
    """A run in memory."""

    def __init__(
        self,
        workflow: Workflow,
        event: StartEvent,
        *,
        started_by: Person | None = None,
        while_waiting: Meanwhile | None = None,
    ) -> None:
        self._memory = Memory(workflow)
        self._worker = Worker(self._memory, while_waiting)
        name = started_by.name if started_by else None
        self._do(self._memory.top, Started(as_start(event), name))

    # What people and operators do

    def answer(  # noqa: PLR0913 - as an answer has it
        self,
        request_id: str,
        response: Any = None,
        *,
        outcome: str | None = None,
        reason: str = "",
        by: Person | None = None,
        undo: float = 0.0,
    ) -> "Play":
        """Answer a question, as this person or as a program; steps that follow are done.

        `undo` is for how many seconds the decision can be taken back, as in the browser.
        Raises the engine's refusal, as every door does.
        """
        vote = VoteCast(
            request_id,
            response,
            outcome=outcome,
            reason=reason,
            responder=by.responder if by else PROGRAM,
            door="browser" if by else "python",
            undo=undo,
        )
        return self._do(self._asking(request_id), vote)

    def undo(self, request_id: str, *, by: Person) -> "Play":
        """Take an own vote, or the decision that it made, back."""
        return self._do(
            self._asking(request_id), VoteWithdrawn(request_id, by.responder)
        )

    def delegate(
        self, request_id: str, *, by: Person, to: Person, reason: str = ""
    ) -> "Play":
        tick = Delegated(request_id, by.responder, to.name, reason)
        return self._do(self._asking(request_id), tick)

    def send_event(self, event: Event, *, by: Person | None = None) -> "Play":
        """Send an event into the run from outside; its class says `external = True`."""
        sender = by.responder if by else PROGRAM
        tick = EventSent(event.event_type, event.to_dict(), sender)
        return self._do(self._memory.top, tick)

    def pause(self) -> "Play":
        return self._do(self._memory.top, Paused("operator"))

    def resume(self) -> "Play":
        return self._do(self._memory.top, Resumed("operator"))

    def abort(self, reason: str = "") -> "Play":
        return self._do(self._memory.top, Aborted("operator", reason))

    # What time and bad luck do

    def advance(self, **span: float) -> "Play":
        """Move the clock: `advance(hours=2)`. What becomes due on the way happens."""
        until = self._memory.now + timedelta(**span).total_seconds()
        while (due := self._next_due()) is not None and due[0] <= until:
            moment, run, tick = due
            self._memory.now = max(self._memory.now, moment)
            self._do(run, tick)
        self._memory.now = until
        return self

    def next_fails(self, step: str, message: str = "played", **more: Any) -> "Play":
        """The next attempt of a step raises; with `retryable=True` it may be tried again."""
        more.setdefault("error_type", "RuntimeError")
        return self._fate(
            step,
            lambda call: StepFailed(call.number, call.attempt, message=message, **more),
        )

    def next_times_out(self, step: str, limit: float = 1.0) -> "Play":
        """The next attempt of a step is cut at its limit."""
        return self._fate(
            step, lambda call: StepTimedOut(call.number, call.attempt, limit, limit)
        )

    def next_is_lost(self, step: str) -> "Play":
        """The worker of the step's next attempt dies."""
        return self._fate(step, lambda call: CallLost(call.number, call.attempt))

    def crash(self) -> "Play":
        """Kill everything, and start again with what was committed."""
        self._worker.crash()
        self._worker.work()
        return self

    @contextmanager
    def at_once(self) -> Iterator["Play"]:
        """What happens in this block happens at the same time.

        Steps do nothing until its end; then all that are ready begin before any ends.
        """
        self._worker.resting = True
        try:
            yield self
        finally:
            self._worker.resting = False
        self._worker.work_at_once()

    def go(self) -> "Play":
        """Do what is ready: after fates were set for what had waited."""
        self._worker.work()
        return self

    # How it stands

    @property
    def status(self) -> str:
        return self._memory.top.state.status

    @property
    def open(self) -> list[str]:
        """The ids of the questions that are open, in the order in which they were asked."""
        return list(self._requests())

    def question(self, request_id: str) -> Question:
        """Raises UnknownRequestError for what is not asked."""
        run = self._asking(request_id)
        if request_id not in run.state.requests:
            raise UnknownRequestError(f"The run does not ask {request_id!r}.")
        return Question(run.state.requests[request_id])

    @property
    def result(self) -> Any:
        finish = self._memory.top.finish
        assert finish is not None, f"the run goes on: {self._standing()}"
        assert finish.status == "completed", f"the run {self._standing()}"
        return values.load(finish.result or "null")

    @property
    def error(self) -> dict[str, Any]:
        """What a run that did not complete ended with."""
        finish = self._memory.top.finish
        assert finish is not None, f"the run goes on: {self._standing()}"
        assert finish.error is not None, f"the run {self._standing()}"
        return dict(finish.error)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the lines of the run's log."""
        return [line.kind for line in self._memory.top.lines]

    @property
    def written(self) -> list[dict[str, Any]]:
        """The fields of what its steps wrote to the stream."""
        lines = [line for line in self._memory.top.lines if line.kind == "progress"]
        return [_content(line)["event"] for line in lines]

    @property
    def state(self) -> Mapping[str, Any]:
        """What the steps keep in `ctx.state`."""
        top = self._memory.top
        return {key: value_of(top, key) for key in top.stored}

    def steps_run(self, step: str) -> int:
        """How often a step has completed."""
        lines = self._memory.top.lines
        return sum(
            line.kind == "step_completed" and line.step == step for line in lines
        )

    # How it must stand

    def asks(self, *request_ids: str) -> "Play":
        """Assert that exactly these questions are open."""
        assert sorted(self.open) == sorted(request_ids), (
            f"expected the questions {sorted(request_ids)}, "
            f"open are {sorted(self.open)}; the run {self._standing()}"
        )
        return self

    def completes(self, expected: Any = ...) -> "Play":
        """Assert that the run has completed, with this result if one is given."""
        result = self.result
        assert expected is ... or result == expected, (
            f"expected the result {expected!r}, got {result!r}"
        )
        return self

    def fails(self, kind: str, match: str = "") -> "Play":
        """Assert that the run ended with this error; `match` is a part of its message."""
        error = self.error
        kinds = {error.get("type"), error.get("error_type")}
        assert kind in kinds, f"expected {kind}, got {error}"
        assert match in error.get("message", ""), f"no {match!r} in {error}"
        return self

    # Inside

    def _do(self, run: MemoryRun, tick: Tick) -> "Play":
        try:
            self._worker.send(run, tick)
        finally:
            self._worker.work()
        return self

    def _fate(self, step: str, fate: Any) -> "Play":
        self._worker.fates.setdefault(step, []).append(fate)
        return self

    def _requests(self) -> dict[str, MemoryRun]:
        runs = self._memory.runs
        return {name: run for run in runs for name in run.state.requests}

    def _asking(self, request_id: str) -> MemoryRun:
        """The run of the tree that asks this; the top one refuses what nobody asks."""
        return self._requests().get(request_id, self._memory.top)

    def _next_due(self) -> tuple[float, MemoryRun, Tick] | None:
        due = [found for run in self._memory.runs for found in _due(run)]
        return min(due, key=lambda found: found[0], default=None)

    def _standing(self) -> str:
        finish = self._memory.top.finish
        if finish is not None and finish.error is not None:
            return f"{self.status}: {finish.error.get('message')}"
        return f"is {self.status}, its open questions: {self.open}"


def _due(run: MemoryRun) -> list[tuple[float, MemoryRun, Tick]]:
    """What will happen to a run by itself, and when; a paused one has its deadline only."""
    state, found = run.state, list[tuple[float, MemoryRun, Tick]]()
    if state.is_finished:
        return found
    deadline = run.workflow.definition.deadline
    if deadline is not None:
        found.append((state.started_at + deadline, run, RunTimedOut()))
    if state.paused:
        return found
    for request in state.requests.values():
        if request.due_at is not None:
            found.append((request.due_at, run, RequestDue(request.request_id)))
    found += [
        (call.not_before or 0.0, run, CallDue(call.number))
        for call in state.calls.values()
        if call.phase == "later"
    ]
    return found


def _content(line: Publish) -> dict[str, Any]:
    content: dict[str, Any] = (
        values.load(line.text) if line.text else json.loads(json.dumps(dict(line.body)))
    )
    return content
