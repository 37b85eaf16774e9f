"""What all schemes share: one of each header, any active secret, constant time."""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

# Headers by name, each with its values, or the pairs as they came; case is ignored.
Headers: TypeAlias = Mapping[str, str | Sequence[str]] | Iterable[tuple[str, str]]
Pairs: TypeAlias = list[tuple[str, str]]

TOLERANCE_SECONDS = 300
TIMESTAMP = re.compile(r"[0-9]{1,12}")
DELIVERY_ID = re.compile(r"[!-~]{1,100}")


class BadSignatureError(ValueError):
    """Nothing proves who sent the message. The text is for our log, not for the sender."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A message whose sender is proven; what the scheme tells of it beside.

    `event` comes from a header that nobody signs; so does `delivery_id`, unless
    `is_id_signed`. A scheme that names its messages in the body tells no id here.
    """

    delivery_id: str | None = None
    event: str | None = None
    is_id_signed: bool = False


def pairs_of(headers: Headers) -> Pairs:
    items = headers.items() if isinstance(headers, Mapping) else headers
    return [
        (name.lower(), value)
        for name, values in items
        for value in ([values] if isinstance(values, str) else values)
    ]


def one(pairs: Pairs, name: str, pattern: re.Pattern[str]) -> str:
    """The value of a header that must be there, once, and well-formed."""
    value = one_or_none(pairs, name, pattern)
    if value is None:
        raise BadSignatureError(f"The header {name} is missing.")
    return value


def one_or_none(pairs: Pairs, name: str, pattern: re.Pattern[str]) -> str | None:
    """The value of a header that may be missing."""
    values = [value for key, value in pairs if key == name]
    if len(values) > 1:
        raise BadSignatureError(f"The header {name} occurs more than once.")
    if values and not pattern.fullmatch(values[0]):
        raise BadSignatureError(f"The header {name} is not well-formed.")
    return values[0] if values else None


def usable(secrets: Sequence[str]) -> list[str]:
    """An empty secret would let everybody sign."""
    assert not isinstance(secrets, str), "each character would be taken for a secret"
    found = [secret for secret in secrets if secret]
    if not found:
        raise BadSignatureError("This source has no secret.")
    return found


def check_time(timestamp: str, now: int) -> None:
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignatureError("The timestamp is too far from now.")


def hex_signatures(content: bytes, secrets: Sequence[str]) -> list[str]:
    """The HMAC-SHA256 of the content by each of the secrets."""
    return [
        hmac.new(secret.encode(), content, sha256).hexdigest()
        for secret in usable(secrets)
    ]


def check_any(given: Sequence[str], expected: Sequence[str]) -> None:
    """Compare each with each in constant time, and never stop early."""
    matches = [
        hmac.compare_digest(one.encode(), other.encode())
        for one in given
        for other in expected
    ]
    if not any(matches):
        raise BadSignatureError("No signature fits the message.")
