"""Schemes without a name: an HMAC of the body in some header, or a token."""

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from .proof import (
    DELIVERY_ID,
    BadSignatureError,
    Headers,
    Pairs,
    Signed,
    check_any,
    hex_signatures,
    one,
    one_or_none,
    pairs_of,
    usable,
)

_VALUE = re.compile(r"[ -~]{1,1000}")


@dataclass(frozen=True, slots=True)
class PlainHeader:
    """Where a sender puts its proof, and the id of a message, if it gives one."""

    name: str
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    id_header: str = ""


def check_hmac(
    headers: Headers, body: bytes, secrets: Sequence[str], where: PlainHeader
) -> Signed:
    """The delivery, if the header holds an HMAC-SHA256 of the body by a secret."""
    pairs = pairs_of(headers)
    given = _proof(pairs, where)
    expected = (
        hex_signatures(body, secrets)
        if where.encoding == "hex"
        else [_base64_signature(body, secret) for secret in usable(secrets)]
    )
    check_any([given], expected)
    return Signed(_delivery_id(pairs, where))


def check_bearer(
    headers: Headers, secrets: Sequence[str], where: PlainHeader
) -> Signed:
    """The delivery, if the header holds one of the tokens; nothing covers the body."""
    pairs = pairs_of(headers)
    check_any([_proof(pairs, where)], usable(secrets))
    return Signed(_delivery_id(pairs, where))


def _proof(pairs: Pairs, where: PlainHeader) -> str:
    value = one(pairs, where.name.lower(), _VALUE)
    if not value.startswith(where.prefix):
        raise BadSignatureError(f"The header {where.name} does not begin as it should.")
    return value.removeprefix(where.prefix)


def _base64_signature(body: bytes, secret: str) -> str:
    return b64encode(hmac.digest(secret.encode(), body, sha256)).decode()


def _delivery_id(pairs: Pairs, where: PlainHeader) -> str | None:
    if not where.id_header:
        return None
    return one_or_none(pairs, where.id_header.lower(), DELIVERY_ID)
