"""Stripe signs the time and the body; the event's id is in the body."""

import re
from collections.abc import Sequence

from .proof import (
    TIMESTAMP,
    BadSignatureError,
    Headers,
    Signed,
    check_any,
    check_time,
    hex_signatures,
    one,
    pairs_of,
)

_PART = r"[a-z0-9]{1,8}=[0-9a-f]{1,128}"
_SIGNATURES = re.compile(rf"{_PART}(?:,{_PART}){{1,16}}")


def check_stripe(
    headers: Headers, body: bytes, secrets: Sequence[str], now: int
) -> Signed:
    """Nothing but the proof that Stripe sent this body within five minutes of `now`."""
    value = one(pairs_of(headers), "stripe-signature", _SIGNATURES)
    parts = [part.split("=", 1) for part in value.split(",")]
    timestamps = [text for name, text in parts if name == "t"]
    if len(timestamps) != 1 or not TIMESTAMP.fullmatch(timestamps[0]):
        raise BadSignatureError("The header stripe-signature needs one timestamp.")
    check_time(timestamps[0], now)
    given = [text for name, text in parts if name == "v1"]
    content = f"{timestamps[0]}.".encode() + body
    check_any(given, hex_signatures(content, secrets))
    return Signed()
