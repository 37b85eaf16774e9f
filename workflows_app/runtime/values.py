"""The values of `ctx.state`: read for an attempt, written under the run's lock."""

from collections.abc import Sequence
from uuid import UUID

from workflows_app.engine import values
from workflows_app.engine.context import Stored
from workflows_app.engine.ticks import StateChange

from . import statements
from .statements import execute


def read(run_id: UUID) -> dict[str, Stored]:
    rows = execute(statements.READ_VALUES, {"run": run_id}).fetchall()
    return {key: Stored(text, version) for key, text, version in rows}


def find_conflicts(run_id: UUID, changes: Sequence[StateChange]) -> list[str]:
    """Keys that the attempt read before it wrote them, and that changed since."""
    seen = {change.key: change.read for change in changes if change.read is not None}
    if not seen:
        return []
    now = _read_some(run_id, list(seen))
    return [
        key
        for key, version in seen.items()
        if (now[key].version if key in now else 0) != version
    ]


def write(run_id: UUID, revision: int, changes: Sequence[StateChange]) -> None:
    """Apply the changes in their order; increments and appends to what is there now."""
    relative = [c.key for c in changes if c.kind in {"increment", "append"}]
    stored = _read_some(run_id, relative) if relative else {}
    texts: dict[str, str | None] = {key: s.text for key, s in stored.items()}
    for change in changes:
        texts[change.key] = _changed(texts.get(change.key), change)
    kept = {key: text for key, text in texts.items() if text is not None}
    gone = [key for key in texts if key not in kept]
    if kept:
        parameters = {"keys": list(kept), "texts": list(kept.values())}
        execute(
            statements.WRITE_VALUES, {"run": run_id, "revision": revision, **parameters}
        )
    if gone:
        execute(statements.DELETE_VALUES, {"run": run_id, "keys": gone})


def _changed(text: str | None, change: StateChange) -> str | None:
    if change.kind == "delete":
        return None
    if change.kind == "set":
        return change.text
    by = values.load(change.text)
    if change.kind == "increment":
        return values.dump((values.load(text) if text else 0) + by)
    return values.dump([*(values.load(text) if text else []), *by])


def _read_some(run_id: UUID, keys: list[str]) -> dict[str, Stored]:
    parameters = {"run": run_id, "keys": keys}
    rows = execute(statements.READ_SOME_VALUES, parameters).fetchall()
    return {key: Stored(text, version) for key, text, version in rows}
