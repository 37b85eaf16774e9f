"""What must hold inside of a snapshot, down to the type of every field."""

import hashlib
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from .definition import Definition
from .errors import SerializationError, SnapshotFormatError
from .news import load_news
from .policy import ReviewPolicy
from .state import Place, Request, State
from .state_text import load_state

if TYPE_CHECKING:
    from .snapshot import Snapshot

BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
)
"""How a text shows that it is not what it should be."""

_STATE = TypeAdapter(State)


def check(snapshot: "Snapshot", path: str) -> None:
    """Raises SnapshotFormatError naming the field that is not what it says."""
    if not math.isfinite(snapshot.taken_at):
        raise SnapshotFormatError(f"{path}.taken_at is no moment.")
    try:
        Definition.load(snapshot.definition)
    except BROKEN as error:
        raise SnapshotFormatError(f"{path}.definition: {error!r}") from error
    try:
        state = load_state(snapshot.state)
        plain = json.dumps(asdict(state), allow_nan=False)
        _STATE.validate_json(plain, strict=True)
        _check_requests(state, snapshot.requests)
    except BROKEN as error:
        raise SnapshotFormatError(f"{path}.state: {error!r}") from error
    _check_inbox(snapshot.inbox, path)
    _check_children(state, snapshot.children, path)


def _check_requests(state: State, asked: list[dict[str, Any]]) -> None:
    """What is open in the state is open in the list, and is what it was asked as."""
    is_open = {r["request_id"] for r in asked if r["status"] in {"open", "decided"}}
    if is_open != set(state.requests):
        raise ValueError("the open requests do not agree with $.requests")
    for name, request in state.requests.items():
        if request.request_id != name:
            raise ValueError(f"request {name!r} has another name inside")
        _check_request(request)


def _check_request(request: Request) -> None:
    if hashlib.sha256(request.shown.encode()).hexdigest() != request.digest:
        raise ValueError(f"request {request.request_id!r} has been changed")
    ReviewPolicy.load(request.policy)
    if not {"subject", "schema", "outcomes"} <= set(request.content):
        raise ValueError(f"request {request.request_id!r} is not complete")


def _check_inbox(inbox: list[dict[str, Any]], path: str) -> None:
    for number, item in enumerate(inbox):
        try:
            is_whole = isinstance(item["sender"], str) and type(item["number"]) is int
            load_news(item["news"])
        except (KeyError, TypeError, SerializationError) as error:
            raise SnapshotFormatError(f"{path}.inbox[{number}]: {error!r}") from error
        if not is_whole:
            raise SnapshotFormatError(f"{path}.inbox[{number}] has the wrong type.")


def _check_children(state: State, children: list["Snapshot"], path: str) -> None:
    """Each run that is still awaited is there, once, and knows its place."""
    places = [load_state(child.state).place for child in children]
    if None in places or len(set(places)) < len(places):
        raise SnapshotFormatError(f"{path}.children: each has a place of its own.")
    for call in state.calls.values():
        for branch, child in enumerate(call.children):
            place = Place(call.number, call.attempt, branch)
            if not child.is_finished and call.phase == "away" and place not in places:
                raise SnapshotFormatError(f"{path}.children: none is at {place}.")
