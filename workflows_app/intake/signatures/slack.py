"""Slack signs the time and the body; a message's id, if it has one, is in the body."""

import re
from collections.abc import Sequence

from .proof import (
    TIMESTAMP,
    Headers,
    Signed,
    check_any,
    check_time,
    hex_signatures,
    one,
    pairs_of,
)

_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


def check_slack(
    headers: Headers, body: bytes, secrets: Sequence[str], now: int
) -> Signed:
    """Nothing but the proof that Slack sent this body within five minutes of `now`."""
    pairs = pairs_of(headers)
    timestamp = one(pairs, "x-slack-request-timestamp", TIMESTAMP)
    given = one(pairs, "x-slack-signature", _SIGNATURE)
    check_time(timestamp, now)
    content = f"v0:{timestamp}:".encode() + body
    check_any([given.removeprefix("v0=")], hex_signatures(content, secrets))
    return Signed()
