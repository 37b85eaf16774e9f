"""How a run changes: `apply`, the only way, in one transaction under one row lock."""

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar
from uuid import UUID

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, SerializationFailure

from workflows_app.engine.commands import Command, Refuse, RunStep, StartAttempt
from workflows_app.engine.errors import EngineError, RunNotFoundError
from workflows_app.engine.reducer import reduce
from workflows_app.engine.run_state import Stored
from workflows_app.engine.state import State
from workflows_app.engine.state_text import load_state
from workflows_app.engine.ticks import (
    CallClaimed,
    StepCompleted,
    StepConflicted,
    Tick,
)

from . import news, values
from .definitions import get_definition
from .effects import perform
from .run_row import RunRow
from .statements import execute
from .statements.runs import LOCK_RUN

log = logging.getLogger(__name__)

TRIES = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claimant:
    """A worker that takes a run's next call with it, if it has code for the step."""

    worker: str
    steps: Collection[str]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a tick did: the state after it, and the attempt that was granted, if any.

    `stored` is `ctx.state` for that attempt, as it is committed. If there is something
    in `stale`, nothing was done: these are the present values of keys that a completed
    attempt has to compute its mutations from again. `told` are the runs it gave news.
    """

    run_id: UUID
    workflow: str
    at: float
    state: State
    granted: StartAttempt | None = None
    stored: dict[str, Stored] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    stale: dict[str, Stored] = field(default_factory=dict)
    told: tuple[UUID, ...] = ()

    @property
    def refusal(self) -> EngineError | None:
        """Why the engine did not do what the tick wanted, if it did not."""
        return _refusal(self.commands)


Beside: TypeAlias = Callable[[Applied], None]
_beside_all: ContextVar[Beside | None] = ContextVar("beside_all", default=None)


@contextmanager
def beside_all(write: Beside) -> Iterator[None]:
    """Let whatever is applied in here write this too, in its own transaction.

    For the doors, which keep what they were asked exactly if it has been done.
    """
    token = _beside_all.set(write)
    try:
        yield
    finally:
        _beside_all.reset(token)


def apply(
    run_id: UUID,
    tick: Tick,
    *,
    claimant: Claimant | None = None,
    beside: Beside | None = None,
) -> Applied:
    """Move the run by one tick. All of it, or nothing.

    1. Lock the run, then read the clock.
    2. Reduce.
    3. Write rows, lines and jobs; commit.
    4. Give the runs that were told something their news, one after the other.

    A `claimant` that brings news takes the next ready call with it, in the same
    transaction. `beside` writes what belongs to a tick that was not refused, in the same
    transaction too; what it raises undoes all of it. Raises RunNotFoundError, and after
    the commit the engine's refusal.
    """
    applied = retry(lambda: _apply_once(run_id, tick, claimant, beside))
    deliver(applied.told)
    if applied.refusal is not None:
        raise applied.refusal
    return applied


def rehearse(run_id: UUID, tick: Tick) -> EngineError | None:
    """Why the engine would refuse a tick just now; None if it would not. Writes nothing."""
    with transaction.atomic():
        run = lock(run_id, durable=False)
        _, commands = reduce(run.definition, run.state, replace(tick, at=run.now))
    return _refusal(commands)


def deliver(targets: Iterable[UUID]) -> None:
    """Let runs take in their news, and those that they tell then, until all have.

    Each does so in a transaction of its own. What fails is tried again by the watch
    loop, which looks for news that nobody has taken in.
    """
    waiting = deque(dict.fromkeys(targets))
    while waiting:
        target = waiting.popleft()
        try:
            told = retry(lambda target=target: _take_news(target))  # type: ignore[misc]
        except Exception:
            log.exception("Left the news for run %s to the watch loop", target)
        else:
            waiting.extend(run_id for run_id in told if run_id not in waiting)


def retry(act: Callable[[], T]) -> T:
    """Do it again when the database chose this transaction as a deadlock's victim."""
    for left in reversed(range(TRIES)):
        try:
            return act()
        except OperationalError as error:
            victim = isinstance(
                error.__cause__, DeadlockDetected | SerializationFailure
            )
            if not victim or not left:
                raise
            log.info("Trying again after %s", error.__cause__)
    raise AssertionError  # the loop returns or raises


def _apply_once(
    run_id: UUID, tick: Tick, claimant: Claimant | None, beside: Beside | None
) -> Applied:
    with transaction.atomic(durable=True):
        run = lock(run_id, durable=not isinstance(tick, CallClaimed))
        applied = move(run, tick, claimant)
        if applied.refusal is None:
            for write in filter(None, (beside, _beside_all.get())):
                write(applied)
        return applied


def _take_news(run_id: UUID) -> list[UUID]:
    """Move a run by all that it has been told; the runs that it tells something then."""
    with transaction.atomic(durable=True):
        run = lock(run_id)
        for tick in news.take(run_id):
            move(run, tick)
        return run.told


def lock(run_id: UUID, *, durable: bool = True) -> RunRow:
    """Lock a run and read it. Only a claim may commit without waiting for the disk."""
    sync = "on" if durable else "off"
    found = execute(LOCK_RUN, {"run": run_id, "sync": sync}).fetchone()
    if found is None:
        raise RunNotFoundError(f"There is no run {run_id}.")
    pk, digest, state, revision, number, workflow, tags, root, parent, *rest = found
    return RunRow(
        id=pk,
        root_id=root,
        parent_id=parent,
        definition=get_definition(digest),
        workflow=workflow,
        tags=tags,
        priority=rest[0],
        state=load_state(state),
        revision=revision,
        number=number,
        now=rest[1],
    )


def move(run: RunRow, tick: Tick, claimant: Claimant | None = None) -> Applied:
    """Reduce and write, inside the transaction that holds the lock."""
    if isinstance(tick, StepCompleted):
        tick, stale = _judged(run, tick)
        if stale:
            return Applied(run.id, run.workflow, run.now, run.state, stale=stale)
    state, commands = reduce(run.definition, run.state, replace(tick, at=run.now))
    granted = _granted(commands)
    if claimant is not None and granted is None:
        state, commands = _claim_next(run, state, commands, claimant)
        granted = _granted(commands)
    if not all(isinstance(c, Refuse) for c in commands) or state != run.state:
        perform(run, state, commands)
    return Applied(
        run_id=run.id,
        workflow=run.workflow,
        at=run.now,
        state=state,
        granted=granted,
        stored=values.read(run.id) if granted else {},
        commands=commands,
        told=tuple(run.told),
    )


def _judged(
    run: RunRow, tick: StepCompleted
) -> tuple[StepCompleted | StepConflicted, dict[str, Stored]]:
    """What an attempt wrote on the ground of outdated state does not count (R51).

    It runs again, or, if it only mutated what has changed, computes that again: then
    nothing happens but that it is told the present values.
    """
    lost, stale = values.find_changed(run.id, tick.changes)
    if lost:
        return StepConflicted(tick.call, tick.attempt, tuple(lost)), {}
    call = run.state.calls.get(tick.call)
    is_current = call is not None and call.running and call.attempt == tick.attempt
    return tick, stale if is_current else {}


def _claim_next(
    run: RunRow, state: State, commands: list[Command], claimant: Claimant
) -> tuple[State, list[Command]]:
    ready = [c.call for c in commands if isinstance(c, RunStep)]
    served = [call for call in ready if call.step in claimant.steps]
    if not served:
        return state, commands
    claim = CallClaimed(served[0].number, claimant.worker, at=run.now)
    state, more = reduce(run.definition, state, claim)
    return state, [*commands, *more]


def _refusal(commands: Iterable[Command]) -> EngineError | None:
    return next((c.error for c in commands if isinstance(c, Refuse)), None)


def _granted(commands: list[Command]) -> StartAttempt | None:
    return next((c for c in commands if isinstance(c, StartAttempt)), None)
