"""Two snapshots of a run side by side: what one has that the other has not."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from deepdiff import DeepDiff

from workflows_app.engine import values
from workflows_app.models import Snapshot
from workflows_app.shown.redaction import Redactor

LARGEST = 256 * 1024
"""Characters of a snapshot that are compared: DeepDiff takes seconds for more."""
STATE, ENGINE, BELOW = PARTS = ("state", "engine", "runs below")
"""The parts of a snapshot: what steps keep, what the engine knows, what works for it."""

Kind = Literal["added", "removed", "changed"]
_KINDS: Mapping[str, Kind] = {
    "dictionary_item_added": "added",
    "iterable_item_added": "added",
    "set_item_added": "added",
    "dictionary_item_removed": "removed",
    "iterable_item_removed": "removed",
    "set_item_removed": "removed",
}


class TooLargeError(ValueError):
    """What differs is too large to be compared here."""


@dataclass(frozen=True, slots=True)
class Change:
    """One place at which two snapshots differ."""

    path: tuple[str, ...]
    kind: Kind
    before: Any = None
    after: Any = None


def compare(older: Snapshot, newer: Snapshot, redactor: Redactor) -> list[Change]:
    """What changed from one to the other, place by place, with secrets masked.

    Raises TooLargeError.
    """
    before, after = _parts(older), _parts(newer)
    same = {name for name in before if before[name] == after.get(name)}
    left = {name: text for name, text in before.items() if name not in same}
    right = {name: text for name, text in after.items() if name not in same}
    if max(sum(map(len, texts.values())) for texts in (left, right)) > LARGEST:
        raise TooLargeError
    changes = _differences(_read(left), _read(right))
    return sorted((_masked(c, redactor) for c in changes), key=_rank)


def _rank(change: Change) -> tuple[int, tuple[str, ...]]:
    """What steps keep comes first: it is what people look for."""
    return PARTS.index(change.path[0]), change.path


def _masked(change: Change, redactor: Redactor) -> Change:
    """That a secret changed may be seen; below a secret name, nothing of what it is."""
    name = next((part for part in change.path if redactor.hides(part)), "")
    before, after = (redactor.mask(v, name) for v in (change.before, change.after))
    return replace(change, before=before, after=after)


def _parts(snapshot: Snapshot) -> dict[tuple[str, ...], str]:
    """The texts of a snapshot by what they are: most of them are the same in both."""
    kept = json.loads(snapshot.values)
    state = json.loads(snapshot.state or "{}")
    parts: dict[tuple[str, ...], str] = {
        (STATE, key): kept[key]["text"] for key in kept
    }
    parts |= {(ENGINE, key): json.dumps(part) for key, part in state.items()}
    children = json.loads(snapshot.children)
    parts |= {
        (BELOW, child["run_id"]): json.dumps(child["state"]) for child in children
    }
    return parts


def _read(parts: Mapping[tuple[str, ...], str]) -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = {}
    for (part, name), text in parts.items():
        is_kept = part == STATE
        value = values.load(text) if is_kept else _opened(json.loads(text))
        read.setdefault(part, {})[name] = value
    return read


def _opened(value: Any) -> Any:
    """Texts that are JSON themselves (what was asked, an event's fields) as values."""
    match value:
        case dict():
            return {key: _opened(part) for key, part in value.items()}
        case list():
            return [_opened(part) for part in value]
        case str() if value[:1] in ("{", "["):
            return _opened_text(value)
        case _:
            return value


def _opened_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _differences(before: Any, after: Any) -> Iterator[Change]:
    found = DeepDiff(before, after, view="tree", verbose_level=2)
    for report, differences in found.items():
        kind = _KINDS.get(report, "changed")
        for each in differences:
            places = each.path(output_format="list")
            path = tuple(str(place) for place in places if place is not None)
            yield Change(
                path,
                kind,
                None if kind == "added" else each.t1,
                None if kind == "removed" else each.t2,
            )
