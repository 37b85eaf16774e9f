"""GitHub signs the body, and nothing else."""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256

from .proof import (
    DELIVERY_ID,
    Headers,
    Signed,
    check_any,
    hex_signatures,
    one,
    one_or_none,
    pairs_of,
)

PREFIX = "sha256="
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_EVENT = re.compile(r"[a-z0-9_]{1,64}")


def check_github(headers: Headers, body: bytes, secrets: Sequence[str]) -> Signed:
    """The delivery, if GitHub signed this body with one of the secrets."""
    pairs = pairs_of(headers)
    given = one(pairs, "x-hub-signature-256", _SIGNATURE)
    check_any([given.removeprefix(PREFIX)], hex_signatures(body, secrets))
    return Signed(
        delivery_id=one(pairs, "x-github-delivery", DELIVERY_ID),
        event=one_or_none(pairs, "x-github-event", _EVENT),
    )


def sign_github(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256, as GitHub makes it."""
    return PREFIX + hmac.new(secret.encode(), body, sha256).hexdigest()
