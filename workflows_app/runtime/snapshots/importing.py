"""The rows of a snapshot's runs, in a database that does not have them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid
from django.contrib.auth.models import User

from workflows_app.engine.definition import Definition
from workflows_app.engine.news import dump_news, load_news
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.state import Call, Request, State
from workflows_app.engine.state_text import load_state
from workflows_app.engine.ticks import ChildTold
from workflows_app.models import (
    InputRequest,
    InputResponse,
    Run,
    RunEvent,
    RunInbox,
    RunState,
)
from workflows_app.runtime import telling
from workflows_app.runtime.effects import perform
from workflows_app.runtime.transition import lock
from workflows_app.stream.log import COLUMNS

from .portable import REQUEST_FIELDS, RESPONSE_FIELDS

UNDELIVERED = frozenset({"ready", "running"})
"""The phases of calls that wait for room again, once their run is somewhere else."""


@dataclass(frozen=True, slots=True)
class Move:
    """How runs come here: under which ids, pinned to which definitions.

    A fork is another run than the one that the snapshot was taken of.
    """

    top: Snapshot
    ids: Mapping[str, UUID]
    definitions: Mapping[str, Definition]
    is_fork: bool

    @classmethod
    def of(
        cls, top: Snapshot, definitions: Mapping[str, Definition], *, is_fork: bool
    ) -> "Move":
        """Raises ValueError for what is no UUID."""
        ids = {each.run_id: UUID(each.run_id) for each in top.tree}
        if is_fork:
            ids = {run_id: uuid.uuid7() for run_id in ids}
        return cls(top, ids, definitions, is_fork)

    @property
    def root_id(self) -> UUID:
        return self.ids[self.top.run_id]


def insert_run(move: Move, snapshot: Snapshot, parent: UUID | None = None) -> bool:
    """Insert the run's own row; False if it is here already."""
    state, about = load_state(snapshot.state), snapshot.run
    fields = {
        "root_id": move.root_id,
        "workflow": snapshot.workflow_name,
        "definition_id": move.definitions[snapshot.workflow_name].digest,
        "status": state.status,
        "state": snapshot.state,
        "revision": snapshot.revision,
        "last_number": snapshot.number,
        "input": snapshot.input,
        "result": snapshot.result,
        "error": snapshot.error,
        "groups": about.get("groups", []),
        "tags": about.get("tags", {}),
        "priority": about.get("priority", 0),
        "started_by": User.objects.filter(username=about.get("started_by")).first(),
        "finished_at": _moment(about.get("finished_at")),
        "resumed_from": snapshot.revision,
        **_origin(move, snapshot),
    }
    if parent is not None:
        assert state.place is not None
        fields |= {
            "parent_id": parent,
            "parent_call": state.place.call,
            "parent_attempt": state.place.attempt,
            "parent_branch": state.place.branch,
        }
    _, created = Run.objects.get_or_create(
        pk=move.ids[snapshot.run_id], defaults=fields
    )
    return created


def _origin(move: Move, snapshot: Snapshot) -> dict[str, Any]:
    """A fork begins today; its key is the other run's."""
    about = snapshot.run
    began = datetime.fromisoformat(about["created_at"])
    if move.is_fork:
        return {"forked_from": UUID(snapshot.run_id)}
    key = about.get("idempotency_key")
    used = Run.objects.filter(workflow=snapshot.workflow_name, idempotency_key=key)
    return {
        "created_at": began,
        "idempotency_key": None if key is None or used.exists() else key,
    }


def fill(move: Move, snapshot: Snapshot, parent: UUID | None = None) -> None:
    """All that belongs to a run, and all runs below it. Everything is held still."""
    run_id = move.ids[snapshot.run_id]
    RunState.objects.bulk_create(
        RunState(run_id=run_id, key=key, text=kept["text"], version=kept["version"])
        for key, kept in snapshot.values.items()
    )
    RunEvent.objects.bulk_create(
        RunEvent(run_id=run_id, **{name: event[name] for name in COLUMNS})
        for event in snapshot.events
    )
    run = lock(run_id)
    shift = run.now - snapshot.taken_at
    state = restarted(run.state, shift, snapshot.taken_at)
    asked = [_insert_request(move, run_id, state, f) for f in snapshot.requests]
    run.state = State()  # none of its calls has a row here
    perform(run, state, [])
    if move.is_fork:
        telling.tell_of_copies(run, {row.request_id: row.pk for row in asked})
    for child in snapshot.children:
        insert_run(move, child, run_id)
        fill(move, child, run_id)


def fill_inboxes(move: Move) -> list[UUID]:
    """The news that were on their way; the runs that have some."""
    targets = []
    for each in move.top.tree:
        target = move.ids[each.run_id]
        RunInbox.objects.bulk_create(
            RunInbox(
                target_id=target,
                sender=move.ids.get(item["sender"]) or UUID(item["sender"]),
                number=item["number"],
                tick=_idle(item["news"]),
            )
            for item in each.inbox
        )
        if each.inbox:
            targets.append(target)
    return targets


def _idle(text: str) -> str:
    """Whoever told this works no longer: it will say so again when it does."""
    news = load_news(text)
    if isinstance(news, ChildTold):
        news = replace(news, is_working=False)
    return dump_news(news)


def restarted(state: State, shift: float, taken_at: float) -> State:
    """What was running is undelivered again; clocks go on with what was left."""
    state = state.copy()
    state.started_at += shift if state.started_at else 0.0
    state.active_seconds = state.active_at(taken_at)
    state.active_since = None
    state.session_epoch += 1
    state.session_is_live = False
    state.paused = not state.is_finished
    state.calls = {n: _restarted_call(c, shift) for n, c in state.calls.items()}
    state.requests = {
        name: _restarted_request(request, shift)
        for name, request in state.requests.items()
    }
    state.held_answers = {
        name: replace(held, until=held.until + shift)
        for name, held in state.held_answers.items()
    }
    return state


def _restarted_call(call: Call, shift: float) -> Call:
    if call.phase in UNDELIVERED:
        return replace(call, phase="held", waiting=None)
    idle = tuple(replace(child, is_working=False) for child in call.children)
    call = replace(call, children=idle)
    if call.not_before is not None:
        return replace(call, not_before=call.not_before + shift)
    return call


def _restarted_request(request: Request, shift: float) -> Request:
    decision = request.decision
    if decision is not None:
        decision = replace(decision, effective_at=decision.effective_at + shift)
    return replace(request, opened_at=request.opened_at + shift, decision=decision)


def _insert_request(
    move: Move, run_id: UUID, state: State, fields: dict[str, Any]
) -> InputRequest:
    request = InputRequest(
        run_id=run_id,
        root_id=move.root_id,
        **{key: fields.get(key) for key in REQUEST_FIELDS},
    )
    still_open = state.requests.get(request.request_id)
    if still_open is not None:
        _copy_open(still_open, request)
    if move.is_fork:
        request.pk = uuid.uuid7()
    request.save(force_insert=True)
    for vote in _votes(fields):
        response = InputResponse(
            request=request,
            run_id=run_id,
            asked_at=request.opened_at,
            workflow=request.workflow,
            groups=request.groups,
            **vote,
        )
        if move.is_fork:
            response.pk = uuid.uuid7()
        response.save(force_insert=True)
    return request


def _votes(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The votes on a request; snapshots of the first days have one at most."""
    first = fields.get("response")
    votes = fields.get("responses", [] if first is None else [first])
    return [
        {"decides": True, **{key: vote[key] for key in RESPONSE_FIELDS if key in vote}}
        for vote in votes
    ]


def _copy_open(asked: Request, row: InputRequest) -> None:
    """What the engine will go by is what people see, whatever else the snapshot says."""
    row.shown, row.digest, row.step = asked.shown, asked.digest, asked.step
    row.policy = json.dumps(dict(asked.policy))
    row.assignees = list(asked.policy["assignees"])
    row.groups = list(asked.policy["groups"])
    row.priority = asked.priority
    row.status = "open" if asked.decision is None else "decided"
    row.effective_at = _at(asked.decision.effective_at if asked.decision else None)
    row.closed_at = _at(asked.decision.vote.at if asked.decision else None)
    row.expires_at, row.due_at = _at(asked.expires_at), _at(asked.due_at)


def _at(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
