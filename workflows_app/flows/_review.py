"""What the flows share in which a step itself blocks on a person.

The pattern: ask once, under an id that stays the same, then look for the answer inside
`with ctx.waiting(...)`. Whoever runs the step again after a crash asks nothing again, and
finds the answer wherever it was given meanwhile.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from workflows_app.engine import Context, Event

LOOK_AGAIN = 0.2
"""Seconds from one look for the answer to the next."""


WaitLimit = Annotated[
    float,
    Field(
        title="Longest wait",
        description="Seconds that a person may take; then the run fails.",
        gt=0,
        le=7 * 24 * 3600,
    ),
]

QUARTER_HOUR = 900.0


class ReviewComplete(Event):
    """A person has decided, outside of Holdpoint."""

    approved: bool
    reviewer: str
    note: str = ""


def wait_for(
    ctx: Context, find: Callable[[], ReviewComplete | None]
) -> ReviewComplete | None:
    """Look until there is an answer; None when this attempt has been given up."""
    pause = threading.Event()
    while not ctx.cancelled():
        if (found := find()) is not None:
            return found
        pause.wait(LOOK_AGAIN)
    return None


def question_id(ctx: Context) -> str:
    """The same for every attempt, and fit for a file's name."""
    return ctx.idempotency_key.replace("/", "-")


def data_folder() -> Path:
    """Where the systems are that these flows pretend to talk to."""
    folder = Path(os.environ.get("HOLDPOINT_DATA") or "var")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
