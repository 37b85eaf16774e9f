"""The tables: rows and the constraints that must always hold."""

from .call import Call
from .callback import Callback, Receiver
from .definition import Definition
from .delivery import Delivery
from .input_request import InputRequest, InputResponse
from .run import Run, RunInbox, RunState
from .run_event import RunEvent
from .snapshot import Snapshot
from .source import Source

__all__ = [
    "Call",
    "Callback",
    "Definition",
    "Delivery",
    "InputRequest",
    "InputResponse",
    "Receiver",
    "Run",
    "RunEvent",
    "RunInbox",
    "RunState",
    "Snapshot",
    "Source",
]
