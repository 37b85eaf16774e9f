"""What each command of the reducer means in rows, jobs and wake-ups."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

import uuid_utils.compat as uuid
from django.conf import settings
from django.db import transaction

from workflows_app.engine.commands import (
    ChangeState,
    CloseRequest,
    Command,
    DropVote,
    Finish,
    MoveRequest,
    OpenRequest,
    Publish,
    RecordVote,
    RunStep,
    SaveSnapshot,
    StartAttempt,
)
from workflows_app.engine.state import Call, State
from workflows_app.engine.state_text import dump_state
from workflows_app.stream.wakeup import (
    JOBS,
    QUEUE,
    notifier,
    request_topic,
    run_topic,
)

from . import jobs, news, request_rows, telling, values
from .run_row import RunRow
from .statements import execute, runs

LEASE = 9.0
"""Seconds for which a claimed call is held without renewal (design.md 3)."""

HAVE_ROWS = frozenset({"ready", "running", "later"})
"""The phases of calls that workers or the watch loop look for."""

T = TypeVar("T")


def perform(run: RunRow, state: State, commands: Sequence[Command]) -> None:
    """Write everything that this transition changes. The caller holds the run's lock."""
    before, run.state = run.state, state
    run.revision += 1
    text = dump_state(state)
    lines = _of(commands, Publish)
    saved = {**_saved(run, commands, lines), **_calls(before, state, commands)}
    execute(runs.SAVE_RUN, {**saved, "state": text})
    run.number += len(lines)
    for change in _of(commands, ChangeState):
        values.write(run.id, run.revision, change.changes)
    _write_requests(run, commands)
    news.write(run, [c for c in commands if isinstance(c, news.Told)])
    for snapshot in _of(commands, SaveSnapshot):
        keep_snapshot(run, snapshot.cause, text)
    telling.tell(run, before, commands)
    _offer(run, commands)
    transaction.on_commit(lambda: notifier.send(_topics(run, commands)))


def _of(commands: Sequence[Command], kind: type[T]) -> list[T]:
    return [command for command in commands if isinstance(command, kind)]


def _saved(
    run: RunRow, commands: Sequence[Command], lines: list[Publish]
) -> dict[str, Any]:
    finish = next(iter(_of(commands, Finish)), None)
    state = run.state
    return {
        "run": run.id,
        "status": state.status,
        "paused": state.paused,
        "revision": run.revision,
        "number": run.number + len(lines),
        "now": run.now,
        "timeout_at": _timeout_at(run),
        "finished_at": run.now if finish else None,
        "result": finish.result if finish else None,
        "error": json.dumps(finish.error) if finish and finish.error else None,
        "lease": LEASE,
        **_lines(run.number, lines),
    }


def _timeout_at(run: RunRow) -> float | None:
    """When the run's time is over if nothing changes: the earliest of its limits."""
    definition, state = run.definition, run.state
    if state.is_finished:
        return None
    moments = []
    if definition.deadline is not None:
        moments.append(state.started_at + definition.deadline)
    if state.active_since is not None:
        limits = (definition.timeout, state.budget)
        left = [x - state.active_seconds for x in limits if x is not None]
        moments += [state.active_since + x for x in left]
    return min(moments, default=None)


def _lines(number: int, lines: list[Publish]) -> dict[str, Any]:
    return {
        "numbers": [number + i for i in range(1, len(lines) + 1)],
        "kinds": [line.kind for line in lines],
        "steps": [line.step for line in lines],
        "calls": [line.call for line in lines],
        "attempts": [line.attempt for line in lines],
        "actor_kinds": [line.actor.kind for line in lines],
        "actors": [line.actor.name for line in lines],
        "doors": [line.door for line in lines],
        "bodies": [line.text or json.dumps(line.body) for line in lines],
    }


def _calls(before: State, after: State, commands: Sequence[Command]) -> dict[str, Any]:
    """The calls' rows, from what has become of the calls."""
    workers = {s.call.number: s.worker for s in _of(commands, StartAttempt)}
    had = {number: _row(call) for number, call in before.calls.items()}
    have = {number: _row(call) for number, call in after.calls.items()}
    changed = [
        after.calls[number]
        for number, row in have.items()
        if row is not None and row != had.get(number)
    ]
    return {
        "ended": [n for n, row in had.items() if row and have.get(n) is None],
        "call_numbers": [call.number for call in changed],
        "call_steps": [call.step for call in changed],
        "call_attempts": [call.attempt for call in changed],
        "workers": [workers.get(call.number, "") for call in changed],
        "not_befores": [call.not_before for call in changed],
    }


def _row(call: Call) -> tuple[object, ...] | None:
    """What the row of a call depends on; None when it has none."""
    if call.phase not in HAVE_ROWS:
        return None
    return call.phase, call.attempt, call.not_before


def _write_requests(run: RunRow, commands: Sequence[Command]) -> None:
    for opened in _of(commands, OpenRequest):
        request_rows.open_request(run, opened.request)
    for dropped in _of(commands, DropVote):
        request_rows.drop_vote(run, dropped)
    for recorded in _of(commands, RecordVote):
        request_rows.record_vote(run, recorded)
    for moved in _of(commands, MoveRequest):
        request_rows.move_request(run, moved.request)
    request_rows.close_requests(run, _of(commands, CloseRequest))


def keep_snapshot(run: RunRow, cause: str, state: str) -> None:
    """Keep the locked run as it is now; `state` is the text of its state."""
    parameters = {
        "id": uuid.uuid7(),
        "run": run.id,
        "revision": run.revision,
        "number": run.number,
        "cause": cause,
        "now": run.now,
        "state": state,
        "kept": settings.SNAPSHOTS_KEPT,
    }
    execute(runs.INSERT_SNAPSHOT, parameters)


def _offer(run: RunRow, commands: Sequence[Command]) -> None:
    """Ask for workers for what is ready and has not been claimed with this very tick."""
    ready = [
        run.state.calls[command.call.number]
        for command in _of(commands, RunStep)
        if command.call.number in run.state.calls
    ]
    offered = [
        jobs.ReadyCall(call.number, call.attempt, call.step)
        for call in ready
        if call.phase == "ready"
    ]
    jobs.defer_steps(run.id, run.definition, offered, priority=run.priority)


def _topics(run: RunRow, commands: Sequence[Command]) -> list[str]:
    topics = [run_topic(run.id), *map(request_topic, run.touched)]
    if any(isinstance(c, OpenRequest | MoveRequest | CloseRequest) for c in commands):
        topics.append(QUEUE)
    if any(isinstance(c, RunStep | Finish) for c in commands):
        topics.append(JOBS)
    return topics
