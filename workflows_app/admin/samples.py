"""Messages to try a source with, as if its sender had sent them."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from workflows_app.demo.samples import samples
from workflows_app.intake.message import Message, read_message
from workflows_app.intake.signatures import Signed
from workflows_app.models import Source

PING = "ping"


@dataclass(frozen=True, slots=True)
class Sample:
    """A message by the name of its event."""

    event: str
    payload: dict[str, Any]


def samples_for(source: Source) -> dict[str, Sample]:
    """Those of the source's workflow, and one that fits every sender."""
    found = [Sample(PING, {"zen": "Keep it logically awesome."})]
    found += [
        Sample(sample.name, sample.content)
        for sample in samples()
        if sample.workflow == source.workflow and sample.is_delivery
    ]
    return {sample.event: sample for sample in reversed(found)}


def as_message(source: Source, sample: Sample) -> Message:
    """With a mark of its own, or it would be a repeat of the sample before it."""
    delivery_id = str(uuid4())
    body = json.dumps({**sample.payload, "sample": delivery_id}).encode()
    headers = {"x-github-event": sample.event, "content-type": "application/json"}
    return read_message(source, Signed(delivery_id, sample.event), headers, body)
