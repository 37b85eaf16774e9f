"""Messages to try a source with, signed as its sender would sign them."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from workflows_app.demo.samples import samples
from workflows_app.intake.signatures import sign_github
from workflows_app.models import Source

PING = "ping"


@dataclass(frozen=True, slots=True)
class Sample:
    """A message by the name of its event."""

    event: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SignedSample:
    """A message as it would come in."""

    headers: dict[str, str]
    body: bytes


def samples_for(source: Source) -> dict[str, Sample]:
    """Those of the source's workflow, and one that fits every sender."""
    found = [Sample(PING, {"zen": "Keep it logically awesome."})]
    found += [
        Sample(sample.name, sample.content)
        for sample in samples()
        if sample.workflow == source.workflow and sample.is_delivery
    ]
    return {sample.event: sample for sample in reversed(found)}


def sign(source: Source, sample: Sample) -> SignedSample:
    """With a mark of its own, or it would be a repeat of the sample before it."""
    delivery_id = str(uuid4())
    body = json.dumps({**sample.payload, "sample": delivery_id}).encode()
    secret = next(iter(source.secrets), "")
    headers = {
        "X-Hub-Signature-256": sign_github(body, secret),
        "X-GitHub-Delivery": delivery_id,
        "X-GitHub-Event": sample.event,
    }
    return SignedSample(headers, body)
