"""What has happened in a transition that the world outside may want to hear: pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from workflows_app.engine import values
from workflows_app.engine.commands import (
    CloseRequest,
    Command,
    Finish,
    MoveRequest,
    OpenRequest,
    Publish,
    RecordVote,
)
from workflows_app.engine.policy import groups_asked
from workflows_app.engine.state import Request, State, Vote
from workflows_app.models import Kind
from workflows_app.shown.redaction import masked

from .run_row import RunRow

DELEGATED = "request.delegated"
"""Only the person himself is told of this, by e-mail."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something happened to a request; `more` is what this kind tells beside it.

    `groups` and `by_name` are asked by this very thing, and did not know of it before.
    """

    kind: str
    request: Request
    more: Mapping[str, Any] = field(default_factory=dict)
    occurrence: int = 0
    groups: Sequence[str] = ()
    by_name: Sequence[str] = ()


def happened(
    before: State, commands: Iterable[Command], revision: int
) -> Iterator[Occasion]:
    """What the commands of one transition do to requests, in their order."""
    known, votes = dict(before.requests), _deciding(before, commands)
    for command in commands:
        match command:
            case OpenRequest(request):
                known[request.request_id] = request
                yield opened(request)
            case MoveRequest(request):
                known[request.request_id] = request
            case Publish(kind="input_escalated", body=body):
                yield _escalated(known[body["request_id"]], body["groups"])
            case Publish(kind="input_delegated", body=body):
                request = known[body["request_id"]]
                yield Occasion(
                    DELEGATED, request, occurrence=revision, by_name=[body["to"]]
                )
            case CloseRequest(request_id, status):
                yield _closed(known[request_id], status, votes.get(request_id))
            case _:
                pass


def opened(request: Request) -> Occasion:
    policy = request.policy
    return Occasion(
        Kind.OPENED,
        request,
        groups=groups_asked(policy),
        by_name=policy["assignees"],
    )


def _escalated(request: Request, groups: Sequence[str]) -> Occasion:
    return Occasion(
        Kind.ESCALATED,
        request,
        {"escalation": request.escalated, "added_groups": list(groups)},
        occurrence=request.escalated,
        groups=groups,
    )


def _closed(request: Request, status: str, vote: Vote | None) -> Occasion:
    decided = {}
    if status == "answered" and vote is not None:
        decided = {
            "outcome": vote.outcome,
            "responder": vote.name,
            "responder_kind": vote.kind,
            "door": vote.door,
        }
    return Occasion(f"request.{status}", request, decided)


def _deciding(before: State, commands: Iterable[Command]) -> dict[str, Vote]:
    """The votes that decided what is closed now, just now or some time ago."""
    earlier = {
        name: request.decision.vote
        for name, request in before.requests.items()
        if request.decision is not None
    }
    now = {
        command.request_id: command.vote
        for command in commands
        if isinstance(command, RecordVote) and command.decides
    }
    return {**earlier, **now}


def body_of(run: RunRow, pk: UUID, asked: Occasion, link: str | None) -> str:
    """The JSON that a receiver gets: docs/callbacks.md has an example."""
    request, policy = asked.request, asked.request.policy
    about = {
        "id": str(pk),
        "request_id": request.request_id,
        "run_id": str(run.id),
        "workflow": run.workflow,
        "step": request.step or None,
        "subject": masked(str(values.load(request.shown)["subject"])),
        "priority": request.priority,
        "tags": masked(dict(request.tags)),
        "assignees": list(policy["assignees"]),
        "groups": list(policy["groups"]),
        "opened_at": _moment(request.opened_at),
        "expires_at": _moment(request.expires_at),
        "link": link,
        **asked.more,
    }
    return json.dumps(
        {"type": asked.kind, "timestamp": _moment(run.now), "data": about}
    )


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def body_of_run(run: RunRow, kind: str, finish: Finish) -> str:
    """The result goes out as the exact text that it is."""
    about = {
        "run_id": str(run.id),
        "workflow": run.workflow,
        "status": finish.status,
        "tags": run.tags,
        "error": dict(finish.error) if finish.error else None,
    }
    result = finish.result or "null"
    return f'{{"type":"{kind}","data":{json.dumps(about)[:-1]},"result":{result}}}}}'
