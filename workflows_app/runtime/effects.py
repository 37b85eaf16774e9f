"""What each command of the reducer means in rows, jobs and wake-ups."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat as uuid
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from workflows_app.engine.commands import (
    ChangeState,
    CloseRequest,
    Command,
    EndCall,
    Finish,
    OpenRequest,
    Publish,
    RecordResponse,
    RunStep,
    SaveSnapshot,
    StartAttempt,
)
from workflows_app.engine.definition import Definition
from workflows_app.engine.errors import DuplicateRequestError
from workflows_app.engine.state import Call, Request, State
from workflows_app.stream.wakeup import JOBS, QUEUE, notifier, run_topic

from . import jobs, statements, values
from .statements import execute

LEASE = 9.0
"""Seconds for which a claimed call is held without renewal (design.md 3)."""

T = TypeVar("T")


@dataclass(slots=True)
class RunRow:
    """A run as it is locked: its row, and the database's time."""

    id: UUID
    definition: Definition
    workflow: str
    tags: dict[str, str]
    state: State
    revision: int
    number: int
    now: float


def perform(run: RunRow, state: State, commands: Sequence[Command]) -> None:
    """Write everything that this transition changes. The caller holds the run's lock."""
    run.state, run.revision = state, run.revision + 1
    text = state.dump()
    lines = _of(commands, Publish)
    execute(statements.SAVE_RUN, {**_saved(run, commands, lines), "state": text})
    run.number += len(lines)
    for change in _of(commands, ChangeState):
        values.write(run.id, run.revision, change.changes)
    for opened in _of(commands, OpenRequest):
        _open(run, opened.request)
    for response in _of(commands, RecordResponse):
        _record(run, response)
    _close(run, _of(commands, CloseRequest))
    for snapshot in _of(commands, SaveSnapshot):
        _snapshot(run, snapshot.cause, text)
    for finish in _of(commands, Finish):
        _tell_receivers(run, finish)
    started = {s.call.number for s in _of(commands, StartAttempt)}
    waiting = [c.call for c in _of(commands, RunStep) if c.call.number not in started]
    offered = [jobs.ReadyCall(c.number, c.attempt, c.step) for c in waiting]
    jobs.defer_steps(run.id, run.definition, offered)
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
        **_calls(commands),
    }


def _timeout_at(run: RunRow) -> float | None:
    """When the run's time is over if nothing changes: the earlier of its two limits."""
    definition, state = run.definition, run.state
    if state.is_finished:
        return None
    moments = []
    if definition.deadline is not None:
        moments.append(state.started_at + definition.deadline)
    if definition.timeout is not None and state.active_since is not None:
        left = definition.timeout - state.active_seconds
        moments.append(state.active_since + left)
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


def _calls(commands: Sequence[Command]) -> dict[str, Any]:
    """The calls' rows: what ended goes; of a call that changed twice the last counts."""
    rows: dict[int, tuple[Call, str]] = {}
    ended: set[int] = set()
    for command in commands:
        if isinstance(command, EndCall):
            rows.pop(command.call, None)
            ended.add(command.call)
        elif isinstance(command, RunStep):
            rows[command.call.number] = command.call, ""
        elif isinstance(command, StartAttempt):
            rows[command.call.number] = command.call, command.worker
    return {
        "ended": sorted(ended - set(rows)),
        "call_numbers": list(rows),
        "call_steps": [call.step for call, _ in rows.values()],
        "call_attempts": [call.attempt for call, _ in rows.values()],
        "workers": [worker for _, worker in rows.values()],
    }


def _open(run: RunRow, request: Request) -> None:
    policy = request.policy
    parameters = {
        "id": uuid.uuid7(),
        "run": run.id,
        "request_id": request.request_id,
        "workflow": run.workflow,
        "step": request.step,
        "subject": _subject(request),
        "shown": request.shown,
        "digest": request.digest,
        "policy": json.dumps(dict(policy)),
        "assignees": list(policy["assignees"]),
        "groups": list(policy["groups"]),
        "priority": request.priority,
        "tags": json.dumps(dict(request.tags)),
        "previous": request.previous or "",
        "now": run.now,
        "expires_at": request.expires_at,
    }
    if execute(statements.INSERT_REQUEST, parameters).fetchone() is None:
        raise DuplicateRequestError(
            f"This run has asked {request.request_id!r} before; give each its own id."
        )


def _subject(request: Request) -> str:
    """The subject without what a text column cannot hold, and not too long for a list."""
    subject = str(json.loads(request.shown)["subject"]).replace("\0", "␀")
    return subject[:299] + "…" if len(subject) > 300 else subject  # noqa: PLR2004


def _record(run: RunRow, command: RecordResponse) -> None:
    parameters = {
        "id": uuid.uuid7(),
        "run": run.id,
        "request_id": command.request_id,
        "user": _user_id(command),
        "responder_kind": command.responder.kind,
        "responder": command.responder.name,
        "door": command.door,
        "outcome": command.outcome,
        "answer": command.answer,
        "reason": command.reason.replace("\0", "␀"),
        "key": command.idempotency_key or "",
        "now": run.now,
    }
    execute(statements.INSERT_RESPONSE, parameters)


def _user_id(command: RecordResponse) -> int | None:
    if command.responder.kind != "person":
        return None
    users = get_user_model().objects.filter(username=command.responder.name)
    return users.values_list("pk", flat=True).first()


def _close(run: RunRow, closed: list[CloseRequest]) -> None:
    if closed:
        parameters = {
            "run": run.id,
            "now": run.now,
            "request_ids": [c.request_id for c in closed],
            "statuses": [c.status for c in closed],
        }
        execute(statements.CLOSE_REQUESTS, parameters)


def _snapshot(run: RunRow, cause: str, state: str) -> None:
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
    execute(statements.INSERT_SNAPSHOT, parameters)


def _tell_receivers(run: RunRow, finish: Finish) -> None:
    result = finish.result or "null"
    about = {
        "run_id": str(run.id),
        "workflow": run.workflow,
        "status": finish.status,
        "tags": run.tags,
        "error": dict(finish.error) if finish.error else None,
    }
    kind = f"run.{finish.status}"
    body = f'{{"type":"{kind}","data":{json.dumps(about)[:-1]},"result":{result}}}}}'
    parameters = {
        "run": run.id,
        "workflow": run.workflow,
        "kind": kind,
        "body": body,
        "now": run.now,
    }
    rows = execute(statements.INSERT_CALLBACKS, parameters).fetchall()
    jobs.defer_callbacks([row[0] for row in rows])


def _topics(run: RunRow, commands: Sequence[Command]) -> list[str]:
    topics = [run_topic(run.id)]
    if any(isinstance(c, OpenRequest | CloseRequest) for c in commands):
        topics.append(QUEUE)
    if any(isinstance(c, RunStep | Finish) for c in commands):
        topics.append(JOBS)
    return topics
