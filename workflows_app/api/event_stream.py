"""Lines of a log as programs get them: one by one in JSON, or as server-sent events."""

from typing import Any

from workflows_app.models import RunEvent
from workflows_app.stream.log import Line

from .json_reply import json_text, stored

EVENT_STREAM = "text/event-stream"
BEGIN = "retry: 2000\n\n"
ALIVE = ": alive\n\n"
END = "event: end\ndata: {}\n\n"
"""The run is over. Who comes back after this gets 204, which ends an EventSource."""


def as_body(line: Line | RunEvent) -> dict[str, Any]:
    """A line as JSON: what happened, by whom, through which door, and all it says."""
    return {
        "number": line.number,
        "at": line.at,
        "kind": line.kind,
        "step": line.step or None,
        "call": line.call,
        "attempt": line.attempt,
        "actor": {"kind": line.actor_kind, "name": line.actor},
        "door": line.door or None,
        "body": stored(line.body),
    }


def frame(line: Line) -> str:
    """A line as a server-sent event; its number is the id to come back with."""
    data = json_text(as_body(line))
    return f"id: {line.number}\nevent: {line.kind}\ndata: {data}\n\n"
