"""Snapshots of runs, taken out of the tables in one piece, with all runs below them."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from workflows_app.engine.errors import RunNotFoundError, SessionNotEmptyError
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.state import State
from workflows_app.engine.state_text import dump_state, load_state
from workflows_app.models import Run, RunInbox, RunState
from workflows_app.models import Snapshot as Row
from workflows_app.runtime.definitions import get_definition
from workflows_app.runtime.effects import keep_snapshot
from workflows_app.runtime.statements import execute, family
from workflows_app.runtime.transition import lock

from .portable import Part, assemble

HARD_ERROR = "hard_error"
ASKED = "asked"
"""The cause of a snapshot that somebody wanted."""


def take(run_id: UUID) -> Snapshot:
    """The run as it is now.

    Its lock keeps the parts of one run together; a tree of runs is read at one moment,
    without any lock. Raises SessionNotEmptyError where no session may get lost.
    """
    snapshot = _take_alone(run_id)
    return _take_tree(run_id) if snapshot is None else snapshot


def keep(run_id: UUID) -> Row:
    """Take a snapshot, and keep it with the others of the run."""
    check_sessions(run_id)
    with transaction.atomic():
        run = lock(run_id)
        keep_snapshot(run, ASKED, dump_state(run.state))
        return Row.objects.filter(run=run_id).latest("id")


def read(row: Row) -> Snapshot:
    """A snapshot that was kept, as it was then."""
    below = {UUID(part["run_id"]): part for part in json.loads(row.children)}
    runs = _runs().in_bulk([row.run_id, *below])
    parts = {pk: _kept(runs[pk], part) for pk, part in below.items()}
    top = Part(
        runs[row.run_id],
        row.state,
        row.revision,
        row.number,
        json.loads(row.values),
        _news(json.loads(row.inbox)),
    )
    _plant({row.run_id: top, **parts})
    return assemble(top, row.cause, row.taken_at)


def read_tree(run_id: UUID) -> list[UUID]:
    """A run and all that work for it, those that began first before the others."""
    rows = execute(family.READ_TREE, {"run": run_id}).fetchall()
    if not rows:
        raise RunNotFoundError(f"There is no run {run_id}.")
    return [row[0] for row in rows]


def check_sessions(run_id: UUID) -> None:
    """Raises SessionNotEmptyError if a run of the tree must not lose its session."""
    for run in _runs().filter(pk__in=read_tree(run_id), finished_at=None):
        _check_session(run, load_state(run.state))


def _check_session(run: Run, state: State) -> None:
    policy = get_definition(run.definition_id).session_pause_policy
    if state.has_session and policy == HARD_ERROR and not state.is_finished:
        raise SessionNotEmptyError(state.session_keys)


def _take_alone(run_id: UUID) -> Snapshot | None:
    """A run for which no others work; None when some do."""
    with transaction.atomic():
        locked = Run.objects.select_for_update(of=("self",), no_key=True)
        list(locked.filter(pk=run_id).values_list("pk"))
        tree = read_tree(run_id)
        return _take(tree) if len(tree) == 1 else None


def _take_tree(run_id: UUID) -> Snapshot:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _take(read_tree(run_id))


def _take(tree: Sequence[UUID]) -> Snapshot:
    parts = {run.pk: _present(run) for run in _runs().filter(pk__in=tree)}
    for part in parts.values():
        _check_session(part.run, load_state(part.state))
    _plant(parts)
    return assemble(parts[tree[0]], ASKED, _now())


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now.astimezone(UTC)


def _runs() -> QuerySet[Run]:
    return Run.objects.select_related("definition", "started_by").order_by("id")


def _present(run: Run) -> Part:
    kept = RunState.objects.filter(run=run).values_list("key", "text", "version")
    inbox = RunInbox.objects.filter(target=run).order_by("id")
    return Part(
        run,
        run.state,
        run.revision,
        run.last_number,
        {key: {"text": text, "version": version} for key, text, version in kept},
        _news(inbox.values_list("sender", "number", "tick")),
    )


def _kept(run: Run, part: dict[str, Any]) -> Part:
    return Part(
        run,
        part["state"],
        part["revision"],
        part["number"],
        part["values"],
        _news(part["inbox"]),
    )


def _news(rows: Iterable[tuple[Any, int, str]]) -> list[dict[str, Any]]:
    return [
        {"sender": str(sender), "number": number, "news": text}
        for sender, number, text in rows
    ]


def _plant(parts: dict[UUID, Part]) -> None:
    """Hang each run below the one that it works for."""
    for part in parts.values():
        parent = parts.get(part.run.parent_id) if part.run.parent_id else None
        if parent is not None:
            parent.children.append(part)
