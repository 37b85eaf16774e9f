"""How a run changes: `apply`, the only way, in one transaction under one row lock."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, SerializationFailure

from workflows_app.engine.commands import Command, Refuse, RunStep, StartAttempt
from workflows_app.engine.context import Stored
from workflows_app.engine.errors import RunNotFoundError
from workflows_app.engine.reducer import reduce
from workflows_app.engine.state import State
from workflows_app.engine.ticks import (
    CallClaimed,
    StepCompleted,
    StepConflicted,
    Tick,
)

from . import values
from .definitions import get_definition
from .effects import RunRow, perform
from .statements import LOCK_RUN, execute

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

    `stored` is `ctx.state` for that attempt, as it is committed.
    """

    run_id: UUID
    workflow: str
    at: float
    state: State
    granted: StartAttempt | None = None
    stored: dict[str, Stored] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)


def apply(run_id: UUID, tick: Tick, *, claimant: Claimant | None = None) -> Applied:
    """Move the run by one tick. All of it, or nothing.

    1. Lock the run, then read the clock.
    2. Reduce.
    3. Write rows, lines and jobs; commit.

    A `claimant` that brings news takes the next ready call with it, in the same
    transaction. Raises RunNotFoundError, and after the commit the engine's refusal.
    """
    applied = retry(lambda: _apply_once(run_id, tick, claimant))
    for command in applied.commands:
        if isinstance(command, Refuse):
            raise command.error
    return applied


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


def _apply_once(run_id: UUID, tick: Tick, claimant: Claimant | None) -> Applied:
    with transaction.atomic(durable=True):
        run = lock(run_id, durable=not isinstance(tick, CallClaimed))
        return move(run, tick, claimant)


def lock(run_id: UUID, *, durable: bool = True) -> RunRow:
    """Lock a run and read it. Only a claim may commit without waiting for the disk."""
    sync = "on" if durable else "off"
    found = execute(LOCK_RUN, {"run": run_id, "sync": sync}).fetchone()
    if found is None:
        raise RunNotFoundError(f"There is no run {run_id}.")
    pk, digest, state, revision, number, workflow, tags, now, _ = found
    return RunRow(
        id=pk,
        definition=get_definition(digest),
        workflow=workflow,
        tags=tags,
        state=State.load(state),
        revision=revision,
        number=number,
        now=now,
    )


def move(run: RunRow, tick: Tick, claimant: Claimant | None = None) -> Applied:
    """Reduce and write, inside the transaction that holds the lock."""
    tick = replace(_without_conflict(run, tick), at=run.now)
    state, commands = reduce(run.definition, run.state, tick)
    granted = _granted(commands)
    if claimant is not None and granted is None:
        state, commands = _claim_next(run, state, commands, claimant)
        granted = _granted(commands)
    if state != run.state or not all(isinstance(c, Refuse) for c in commands):
        perform(run, state, commands)
    stored = values.read(run.id) if granted else {}
    return Applied(run.id, run.workflow, run.now, state, granted, stored, commands)


def _without_conflict(run: RunRow, tick: Tick) -> Tick:
    """What an attempt wrote on the ground of outdated state does not count."""
    if not isinstance(tick, StepCompleted):
        return tick
    keys = values.find_conflicts(run.id, tick.changes)
    if not keys:
        return tick
    return StepConflicted(tick.call, tick.attempt, tuple(keys))


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


def _granted(commands: list[Command]) -> StartAttempt | None:
    return next((c for c in commands if isinstance(c, StartAttempt)), None)
