"""Signatures for what we send, by Standard Webhooks (v1, HMAC-SHA256)."""

import hmac
import re
import secrets as random
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
_MESSAGE_ID = re.compile(r"[!-\-/-~]{1,100}")  # no dot: it separates what is signed


class BadSecretError(ValueError):
    """A signing secret is `whsec_` and the base64 of 24 to 64 bytes."""

    def __str__(self) -> str:
        return str(self.__doc__)  # never the secret


def make_secret() -> str:
    """A new signing secret, to be shown once to the receiver's operator."""
    return PREFIX + b64encode(random.token_bytes(32)).decode()


def signed_headers(
    message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]
) -> dict[str, str]:
    """The three headers that go with this body; two secrets while one is exchanged.

    The id is the same when a message is sent again, the timestamp is not.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(message_id, timestamp, body, secrets),
    }


def sign(message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> str:
    """One signature for each secret, separated by spaces."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"{message_id!r:.80} cannot be the id of a message.")
    if isinstance(secrets, str) or not secrets:
        raise BadSecretError
    content = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(_signature(secret, content) for secret in secrets)


def check_secret(secret: str) -> None:
    """Raise BadSecretError unless messages can be signed with this."""
    _key(secret)


def _signature(secret: str, content: bytes) -> str:
    return f"v1,{b64encode(hmac.digest(_key(secret), content, sha256)).decode()}"


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        raise BadSecretError
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise BadSecretError from None
    if len(key) not in KEY_BYTES:
        raise BadSecretError
    return key
