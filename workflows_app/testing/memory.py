"""Runs in memory: what the database is to the real runtime."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from workflows_app.engine import values
from workflows_app.engine.commands import (
    ChangeState,
    Command,
    Finish,
    OpenRequest,
    Publish,
    Refuse,
    StartAttempt,
    StartChild,
    TellChild,
    TellParent,
)
from workflows_app.engine.definition import Definition
from workflows_app.engine.errors import DuplicateRequestError, EngineError
from workflows_app.engine.reducer import reduce
from workflows_app.engine.registry import get_workflow
from workflows_app.engine.run_state import Stored, changed
from workflows_app.engine.state import Place, Request, State
from workflows_app.engine.state_text import dump_state, load_state
from workflows_app.engine.ticks import (
    Asked,
    News,
    Started,
    StateChange,
    StepCompleted,
    StepConflicted,
    Tick,
    VoteCast,
)
from workflows_app.engine.workflow import Workflow

BEGIN = 1_000_000_000.0
"""When plays begin, in seconds since 1970."""

FAMILY = UUID(int=0)

_ALONE = Definition(
    name="external",
    version="1",
    steps=(),
    start_type="StartEvent",
    start_bases=("Event",),
)
"""The workflow of requests without a step."""


@dataclass
class MemoryRun:
    """One run: its state, the values its steps keep, the lines of its log."""

    run_id: str
    workflow: Workflow
    parent: "tuple[MemoryRun, Place] | None" = None
    state: State = field(default_factory=State)
    stored: dict[str, Stored] = field(default_factory=dict)
    lines: list[Publish] = field(default_factory=list)
    children: dict[Place, "MemoryRun"] = field(default_factory=dict)
    finish: Finish | None = None
    revision: int = 0

    def forget(self) -> None:
        """What was only in memory is gone: the state is what its text says."""
        self.state = load_state(dump_state(self.state))


@dataclass(frozen=True, slots=True)
class Moved:
    """What a tick did: the attempt that it granted, and mutations to be made again."""

    granted: StartAttempt | None = None
    stale: Mapping[str, Stored] = field(default_factory=dict)


class Memory:
    """A run with all that work for it, and the clock by which they live."""

    def __init__(self, workflow: Workflow) -> None:
        self.now = BEGIN
        self.top = MemoryRun(str(uuid5(FAMILY, workflow.name)), workflow)
        self.runs = [self.top]
        self.asked: set[str] = set()
        self._inbox: deque[tuple[MemoryRun, News]] = deque()

    def apply(self, run: MemoryRun, tick: Tick) -> Moved:
        """Move a run by one tick, all of it or nothing; raises the engine's refusal."""
        if isinstance(tick, StepCompleted):
            stale, tick = self._without_conflict(run, tick)
            if stale:
                return Moved(stale=stale)
        tick = replace(tick, at=self.now)
        state, commands = reduce(run.workflow.definition, run.state, tick)
        self._check_names(commands)
        run.state, run.revision = state, run.revision + 1
        granted = None
        for command in commands:
            self._perform(run, command)
            if isinstance(command, StartAttempt):
                granted = command
        refused = next((c for c in commands if isinstance(c, Refuse)), None)
        if refused is not None:
            raise refused.error
        return Moved(granted)

    def next_news(self) -> tuple[MemoryRun, News] | None:
        """What one run has told another, and the other has not heard yet."""
        return self._inbox[0] if self._inbox else None

    def heard(self) -> None:
        self._inbox.popleft()

    def _without_conflict(
        self, run: MemoryRun, tick: StepCompleted
    ) -> tuple[dict[str, Stored], Tick]:
        """As the real runtime: a stale mutation is made again, other stale keys conflict."""
        stale = {c.key: c.kind for c in tick.changes if self._is_stale(run, c)}
        if all(kind == "mutate" for kind in stale.values()):
            return {key: run.stored.get(key, Stored("null", 0)) for key in stale}, tick
        return {}, StepConflicted(tick.call, tick.attempt, tuple(stale))

    def _is_stale(self, run: MemoryRun, change: StateChange) -> bool:
        stored = run.stored.get(change.key)
        version = stored.version if stored is not None else 0
        return change.read is not None and change.read != version

    def _check_names(self, commands: Sequence[Command]) -> None:
        """A request id is new in the whole tree, or nothing of the tick counts (R16)."""
        ids = [c.request.request_id for c in commands if isinstance(c, OpenRequest)]
        for request_id in ids:
            if request_id in self.asked:
                raise DuplicateRequestError(
                    f"This run has asked {request_id!r} before; give each its own id.",
                    request_id,
                )
        self.asked.update(ids)

    def _perform(self, run: MemoryRun, command: Command) -> None:
        match command:
            case Publish():
                run.lines.append(command)
            case ChangeState():
                _write(run, command.changes)
            case Finish():
                run.finish = command
            case StartChild():
                self._bear(run, command)
            case TellChild():
                self._inbox.append((run.children[command.place], command.news))
            case TellParent() if run.parent is not None:
                self._inbox.append((run.parent[0], command.news))

    def _bear(self, parent: MemoryRun, command: StartChild) -> None:
        place, branch = command.place, command.branch
        workflow = get_workflow(branch.workflow)
        if workflow.definition.digest != branch.digest:
            raise EngineError(f"Workflow {branch.workflow!r} has been defined anew.")
        name = f"{place.call}/{place.attempt}/{place.branch}"
        child = MemoryRun(
            str(uuid5(UUID(parent.run_id), name)),
            workflow,
            (parent, place),
            State(place=place),
        )
        parent.children[place] = child
        self.runs.append(child)
        begin = Started(command.event, place=place, budget=command.budget)
        self._inbox.append((child, begin))


class MemoryQuestion:
    """A request without a step: a run of its own, which the decision ends."""

    def __init__(self, request: Request) -> None:
        self.shown = request.shown
        self.decided: dict[str, Any] | None = None
        self._state = State()
        self._apply(Asked(replace(request, purpose="event"), at=BEGIN))

    @property
    def request(self) -> Request | None:
        """What is asked, until it is decided."""
        return next(iter(self._state.requests.values()), None)

    def vote(self, vote: VoteCast) -> None:
        """Answer it; raises the engine's refusal."""
        assert self.request is not None
        self._apply(replace(vote, request_id=self.request.request_id, at=BEGIN))

    def _apply(self, tick: Tick) -> None:
        self._state, commands = reduce(_ALONE, self._state, tick)
        for command in commands:
            if isinstance(command, Refuse):
                raise command.error
            if isinstance(command, Finish):
                self.decided = values.load(command.result or "null")


def _write(run: MemoryRun, changes: Sequence[StateChange]) -> None:
    for change in changes:
        stored = run.stored.pop(change.key, None)
        text = changed(stored.text if stored else None, change)
        if text is not None:
            run.stored[change.key] = Stored(text, run.revision)


def value_of(run: MemoryRun, key: str) -> Any:
    return values.load(run.stored[key].text)
