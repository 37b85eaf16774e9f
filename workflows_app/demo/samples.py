"""Sample inputs, and the runs that begin with them so that the queue is never empty."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from workflows_app.models import Run, Source
from workflows_app.runtime.definitions import find_current
from workflows_app.runtime.starting import Start, start, start_event

from .sources import SOURCE

FOLDER = Path(__file__).parent / "samples"
PATIENCE = 15.0
"""Seconds to wait for a worker that offers the workflows."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """What a run can be started with: samples/<workflow>/<name>.json."""

    workflow: str
    name: str
    content: dict[str, Any]

    @property
    def key(self) -> str:
        return f"demo-{self.name}"

    @property
    def is_delivery(self) -> bool:
        return self.workflow == "release-gate"

    @property
    def fields(self) -> dict[str, Any]:
        """The start event's fields; a delivery is wrapped as the intake would do it."""
        if not self.is_delivery:
            return self.content
        return {
            "source": SOURCE,
            "event": self.name,
            "delivery_id": self.key,
            "payload": self.content,
        }


def samples() -> list[Sample]:
    return [
        Sample(path.parent.name, path.stem, json.loads(path.read_bytes()))
        for path in sorted(FOLDER.glob("*/*.json"))
    ]


def start_sample_runs(stopped: Event | None = None) -> int:
    """Start what was never started before; give the number of new runs.

    Waits until a worker has offered the workflows, but not for ever, and not once
    `stopped` is set: then the next start of the demo tries again.
    """
    missing = [sample for sample in samples() if not _is_started(sample)]
    names = {sample.workflow for sample in missing}
    if not _wait_for(names, stopped or Event()):
        log.warning("Started no sample runs: no worker offers %s", ", ".join(names))
        return 0
    for sample in missing:
        _start(sample)
    return len(missing)


def _is_started(sample: Sample) -> bool:
    return Run.objects.filter(
        workflow=sample.workflow, idempotency_key=sample.key
    ).exists()


def _wait_for(names: Iterable[str], stopped: Event) -> bool:
    deadline = monotonic() + PATIENCE
    while not all(find_current(name) for name in names):
        if monotonic() > deadline or stopped.wait(0.2):
            return False
    return True


def _start(sample: Sample) -> None:
    definition = find_current(sample.workflow)
    assert definition is not None, "waited for"
    event = start_event(definition, sample.fields)
    source = Source.objects.get(name=SOURCE) if sample.is_delivery else None
    start(
        definition,
        Start(
            event=event,
            source_id=source.pk if source else None,
            groups=source.groups if source else (),
            idempotency_key=sample.key,
        ),
    )
