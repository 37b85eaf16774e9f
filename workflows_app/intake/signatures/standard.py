"""Standard Webhooks sign id, time and body: v1 with a secret, v1a with a key pair."""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .proof import (
    TIMESTAMP,
    BadSignatureError,
    Headers,
    Signed,
    check_any,
    check_time,
    one,
    pairs_of,
    usable,
)

SECRET, PUBLIC_KEY = "whsec_", "whpk_"
_SECRET_BYTES = range(24, 65)
_PUBLIC_KEY_BYTES = range(32, 33)
_ID = re.compile(r"[!-\-/-~]{1,100}")  # no dot: it separates what is signed
_SIGNATURE = r"[a-z0-9]{1,8},[A-Za-z0-9+/=]{1,128}"
_SIGNATURES = re.compile(rf"{_SIGNATURE}(?: {_SIGNATURE}){{0,15}}")


def check_standard(
    headers: Headers, body: bytes, secrets: Sequence[str], now: int
) -> Signed:
    """The delivery, if one of these secrets or public keys proves it."""
    pairs = pairs_of(headers)
    delivery_id = one(pairs, "webhook-id", _ID)
    timestamp = one(pairs, "webhook-timestamp", TIMESTAMP)
    given = one(pairs, "webhook-signature", _SIGNATURES).split(" ")
    check_time(timestamp, now)
    content = f"{delivery_id}.{timestamp}.".encode() + body
    expected = [_expected(content, secret, given) for secret in usable(secrets)]
    check_any(given, [signature for signature in expected if signature])
    return Signed(delivery_id, is_id_signed=True)


def check_key(secret: str) -> None:
    """Raise BadSignatureError unless this is a secret or a public key of the standard."""
    if secret.startswith(PUBLIC_KEY):
        _decode(secret.removeprefix(PUBLIC_KEY), _PUBLIC_KEY_BYTES)
    else:
        _decode(secret.removeprefix(SECRET), _SECRET_BYTES)


def _expected(content: bytes, secret: str, given: Sequence[str]) -> str | None:
    """The signature that this secret makes, or that of the given ones it verifies."""
    if secret.startswith(PUBLIC_KEY):
        key = _decode(secret.removeprefix(PUBLIC_KEY), _PUBLIC_KEY_BYTES)
        return next((g for g in given if _is_of_key(g, key, content)), None)
    key = _decode(secret.removeprefix(SECRET), _SECRET_BYTES)
    # Kept apart from notify.signing: the one proves the other.
    return f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}"


def _is_of_key(signature: str, key: bytes, content: bytes) -> bool:
    version, _, text = signature.partition(",")
    if version != "v1a":
        return False
    try:
        raw = b64decode(text, validate=True)
        Ed25519PublicKey.from_public_bytes(key).verify(raw, content)
    except (ValueError, InvalidSignature):
        return False
    return b64encode(raw).decode() == text  # one spelling of each signature


def _decode(text: str, sizes: range) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) not in sizes:
        raise BadSignatureError("A secret of this source is not of Standard Webhooks.")
    return key
