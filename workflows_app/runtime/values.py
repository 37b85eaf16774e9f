"""The values of `ctx.state`: read for an attempt, written under the run's lock."""

from collections.abc import Sequence
from uuid import UUID

from workflows_app.engine.run_state import Stored, changed
from workflows_app.engine.ticks import StateChange

from .statements import execute, runs

GONE = Stored("null", 0)
"""A key that is not there."""


def read(run_id: UUID) -> dict[str, Stored]:
    rows = execute(runs.READ_VALUES, {"run": run_id}).fetchall()
    return {key: Stored(text, version) for key, text, version in rows}


def find_changed(
    run_id: UUID, changes: Sequence[StateChange]
) -> tuple[list[str], dict[str, Stored]]:
    """Which of the keys that an attempt had read have changed since.

    First those that it set or deleted, so that it has to run again; then, with their
    present values, those whose mutations have to be computed again.
    """
    seen = {change.key: change.read for change in changes if change.read is not None}
    if not seen:
        return [], {}
    now = _read_some(run_id, list(seen))
    fresh = {key: now.get(key, GONE) for key in seen}
    stale = {key: kept for key, kept in fresh.items() if kept.version != seen[key]}
    lost = {c.key for c in changes if c.key in stale and c.kind in {"set", "delete"}}
    return sorted(lost), stale


def write(run_id: UUID, revision: int, changes: Sequence[StateChange]) -> None:
    """Apply the changes in their order; increments and appends to what is there now."""
    relative = [c.key for c in changes if c.kind in {"increment", "append"}]
    stored = _read_some(run_id, relative) if relative else {}
    texts: dict[str, str | None] = {key: s.text for key, s in stored.items()}
    for change in changes:
        texts[change.key] = changed(texts.get(change.key), change)
    kept = {key: text for key, text in texts.items() if text is not None}
    gone = [key for key in texts if key not in kept]
    if kept:
        parameters = {"keys": list(kept), "texts": list(kept.values())}
        execute(runs.WRITE_VALUES, {"run": run_id, "revision": revision, **parameters})
    if gone:
        execute(runs.DELETE_VALUES, {"run": run_id, "keys": gone})


def _read_some(run_id: UUID, keys: list[str]) -> dict[str, Stored]:
    parameters = {"run": run_id, "keys": keys}
    rows = execute(runs.READ_SOME_VALUES, parameters).fetchall()
    return {key: Stored(text, version) for key, text, version in rows}
