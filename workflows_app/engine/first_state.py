"""States as Holdpoint 0.1 wrote them: kept in its tables, and in snapshots of its time."""

import json
from typing import Any


def upgrade(text: str) -> str:
    """The state as it is written today; a text of today is left as it is.

    Raises ValueError, TypeError, KeyError or AttributeError for another text.
    """
    data = json.loads(text)
    if not _is_first(data):
        return text
    paused = data["paused"]
    data["calls"] = {str(c["number"]): _call(c, paused) for c in data["calls"]}
    data["requests"] = {request["request_id"]: request for request in data["requests"]}
    return json.dumps(data, separators=(",", ":"))


def _is_first(data: dict[str, Any]) -> bool:
    """Calls and requests were lists then."""
    return isinstance(data.get("calls"), list) and isinstance(
        data.get("requests"), list
    )


def _call(call: dict[str, Any], paused: bool) -> dict[str, Any]:
    """What did not run was ready at once, unless an operator held the run."""
    rest = {name: value for name, value in call.items() if name != "running"}
    if call["running"]:
        return {**rest, "phase": "running"}
    return {**rest, "phase": "held" if paused else "ready"}
