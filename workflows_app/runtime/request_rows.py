"""The rows of requests and votes, as a transition writes them."""

import json
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid

from workflows_app.engine.commands import CloseRequest, DropVote, RecordVote
from workflows_app.engine.errors import DuplicateRequestError
from workflows_app.engine.state import Request

from .run_row import RunRow
from .statements import execute, requests


def open_request(run: RunRow, request: Request) -> None:
    """Raises DuplicateRequestError if a run of the tree has used its id before (R16)."""
    parameters = {
        **_movable(request),
        "id": uuid.uuid7(),
        "run": run.id,
        "root": run.root_id,
        "request_id": request.request_id,
        "workflow": run.workflow,
        "step": request.step,
        "subject": _subject(request),
        "shown": request.shown,
        "digest": request.digest,
        "priority": request.priority,
        "tags": json.dumps(dict(request.tags)),
        "previous": request.previous or "",
        "now": run.now,
        "expires_at": request.expires_at,
    }
    opened = execute(requests.INSERT_REQUEST, parameters).fetchall()
    if not opened:
        raise DuplicateRequestError(
            f"This run has asked {request.request_id!r} before; give each its own id.",
            request.request_id,
        )
    _note(run, opened)


def move_request(run: RunRow, request: Request) -> None:
    """It is decided or open again, or others may answer it now."""
    decision = request.decision
    parameters = {
        **_movable(request),
        "run": run.id,
        "request_id": request.request_id,
        "status": "open" if decision is None else "decided",
        "closed_at": None if decision is None else run.now,
        "effective_at": None if decision is None else decision.effective_at,
    }
    _move(run, requests.MOVE_REQUEST, parameters)


def _movable(request: Request) -> dict[str, Any]:
    """What may change while it is open: who may answer, and when something happens."""
    policy = request.policy
    return {
        "policy": json.dumps(dict(policy)),
        "assignees": list(policy["assignees"]),
        "groups": list(policy["groups"]),
        "due_at": request.due_at,
    }


def close_requests(run: RunRow, closed: list[CloseRequest]) -> None:
    if closed:
        parameters = {
            "run": run.id,
            "now": run.now,
            "request_ids": [c.request_id for c in closed],
            "statuses": [c.status for c in closed],
        }
        _move(run, requests.CLOSE_REQUESTS, parameters)


def record_vote(run: RunRow, command: RecordVote) -> None:
    vote = command.vote
    parameters = {
        "id": uuid.uuid7(),
        "run": run.id,
        "request_id": command.request_id,
        "responder_kind": vote.kind,
        "responder": vote.name,
        "door": vote.door,
        "outcome": vote.outcome,
        "answer": vote.answer,
        "reason": _storable(vote.reason),
        "key": vote.key,
        "decides": command.decides,
        "now": run.now,
        "line": run.number,
    }
    _touch(run, requests.INSERT_RESPONSE, parameters)


def drop_vote(run: RunRow, command: DropVote) -> None:
    parameters = {
        "run": run.id,
        "request_id": command.request_id,
        "kind": command.kind,
        "name": command.name,
        "now": run.now,
    }
    _touch(run, requests.WITHDRAW_RESPONSE, parameters)


def _move(run: RunRow, statement: str, parameters: dict[str, Any]) -> None:
    """Let requests be something else from now on."""
    moved = execute(statement, parameters).fetchall()
    run.touched.update(row[0] for row in moved)
    _note(run, moved)


def _note(run: RunRow, rows: list[tuple[UUID, str, bool]]) -> None:
    """Remember what to tell the world outside of requests, should it want to hear."""
    for pk, request_id, is_heard in rows:
        run.ids[request_id] = pk
        run.is_heard |= is_heard


def _touch(run: RunRow, statement: str, parameters: dict[str, Any]) -> None:
    """Change requests, and remember which: pages that show them look again."""
    for pk, is_heard in execute(statement, parameters).fetchall():
        run.touched.add(pk)
        run.is_heard |= is_heard


def _subject(request: Request) -> str:
    """The subject without what a text column cannot hold, and not too long for a list."""
    subject = _storable(str(json.loads(request.shown)["subject"]))
    return subject[:299] + "…" if len(subject) > 300 else subject  # noqa: PLR2004


def _storable(text: str) -> str:
    return text.replace("\0", "␀")
