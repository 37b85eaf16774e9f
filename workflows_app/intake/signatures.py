"""Who really sent this message? Bytes in, the delivery out, or BadSignatureError."""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

# Headers by name, each with its values, or the pairs as they came; case is ignored.
Headers: TypeAlias = Mapping[str, str | Sequence[str]] | Iterable[tuple[str, str]]

TOLERANCE_SECONDS = 300
_STANDARD_KEY_BYTES = range(24, 65)
_GITHUB_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_GITHUB_DELIVERY = re.compile(r"[!-~]{1,100}")
_GITHUB_EVENT = re.compile(r"[a-z0-9_]{1,64}")
_STANDARD_ID = re.compile(r"[!-\-/-~]{1,100}")  # no dot: it separates what is signed
_STANDARD_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_STANDARD_SIGNATURE = re.compile(r"[a-z0-9]{1,8},[A-Za-z0-9+/=]{1,128}")
_STANDARD_SIGNATURES = re.compile(
    rf"{_STANDARD_SIGNATURE.pattern}(?: {_STANDARD_SIGNATURE.pattern}){{0,15}}"
)


class BadSignatureError(ValueError):
    """Nothing proves who sent the message. The text is for our log, not for the sender."""


@dataclass(frozen=True)
class Signed:
    """A message whose body is proven. GitHub's signature covers neither of these two."""

    delivery_id: str
    event: str | None = None


def check_github(headers: Headers, body: bytes, secrets: Sequence[str]) -> Signed:
    """The delivery, if GitHub signed this body with one of the secrets."""
    pairs = _pairs(headers)
    given = _one(pairs, "x-hub-signature-256", _GITHUB_SIGNATURE)
    _check_any([given], [sign_github(body, secret) for secret in _usable(secrets)])
    return Signed(
        delivery_id=_one(pairs, "x-github-delivery", _GITHUB_DELIVERY),
        event=_one_or_none(pairs, "x-github-event", _GITHUB_EVENT),
    )


def sign_github(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256, as GitHub makes it."""
    return f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"


def check_standard(
    headers: Headers, body: bytes, secrets: Sequence[str], now: int
) -> Signed:
    """The delivery, if signed by Standard Webhooks v1 within five minutes of `now`."""
    pairs = _pairs(headers)
    delivery_id = _one(pairs, "webhook-id", _STANDARD_ID)
    timestamp = _one(pairs, "webhook-timestamp", _STANDARD_TIMESTAMP)
    given = _one(pairs, "webhook-signature", _STANDARD_SIGNATURES)
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignatureError("webhook-timestamp is too far from now.")
    content = f"{delivery_id}.{timestamp}.".encode() + body
    expected = [_standard_signature(content, secret) for secret in _usable(secrets)]
    _check_any(given.split(" "), expected)
    return Signed(delivery_id)


def _standard_signature(content: bytes, secret: str) -> str:
    """Kept apart from notify.signing: the one proves the other."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) not in _STANDARD_KEY_BYTES:
        raise BadSignatureError("A secret of this source is not of Standard Webhooks.")
    return f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}"


def _usable(secrets: Sequence[str]) -> list[str]:
    """An empty secret would let everybody sign."""
    assert not isinstance(secrets, str), "each character would be taken for a secret"
    usable = [secret for secret in secrets if secret]
    if not usable:
        raise BadSignatureError("This source has no secret.")
    return usable


def _check_any(given: Sequence[str], expected: Sequence[str]) -> None:
    """Compare each with each in constant time, and never stop early."""
    matches = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(matches):
        raise BadSignatureError("No signature fits the message.")


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    items = headers.items() if isinstance(headers, Mapping) else headers
    return [
        (name.lower(), value)
        for name, values in items
        for value in ([values] if isinstance(values, str) else values)
    ]


def _one(pairs: list[tuple[str, str]], name: str, pattern: re.Pattern[str]) -> str:
    value = _one_or_none(pairs, name, pattern)
    if value is None:
        raise BadSignatureError(f"The header {name} is missing.")
    return value


def _one_or_none(
    pairs: list[tuple[str, str]], name: str, pattern: re.Pattern[str]
) -> str | None:
    values = [value for key, value in pairs if key == name]
    if len(values) > 1:
        raise BadSignatureError(f"The header {name} occurs more than once.")
    if values and not pattern.fullmatch(values[0]):
        raise BadSignatureError(f"The header {name} is not well-formed.")
    return values[0] if values else None
