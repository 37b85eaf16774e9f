"""Messages as their senders sign them, made without the code that checks them."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workflows_app.intake.signatures import (
    Headers,
    PlainHeader,
    Signed,
    check_bearer,
    check_github,
    check_hmac,
    check_slack,
    check_standard,
    check_stripe,
)

NOW = 1_614_265_330
SECRET = "It's a Secret to Everybody"
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY_PAIR = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = f"whpk_{b64encode(KEY_PAIR.public_key().public_bytes_raw()).decode()}"
HEX = PlainHeader("X-Signature", "sha256=", "hex", "X-Id")
BASE64 = PlainHeader("X-Hmac", "", "base64")
BEARER = PlainHeader("Authorization", "Bearer ")


@dataclass(frozen=True)
class Sent:
    """A signed message, and the check that its scheme makes."""

    headers: Mapping[str, str]
    body: bytes
    check: Callable[[Headers, bytes], Signed] = field(repr=False)


def sign_hex(content: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def github(body: bytes, secret: str = SECRET, **headers: str) -> dict[str, str]:
    return {
        "X-Hub-Signature-256": f"sha256={sign_hex(body, secret)}",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-GitHub-Event": "push",
        **headers,
    }


def standard(
    body: bytes, *, now: int = NOW, name: str = "msg_1", secret: str = STANDARD_SECRET
) -> dict[str, str]:
    content = f"{name}.{now}.".encode() + body
    key = b64decode(secret.removeprefix("whsec_"))
    proof = hmac.digest(key, content, "sha256")
    return _standard(name, now, f"v1,{b64encode(proof).decode()}")


def standard_by_key(body: bytes, now: int = NOW, name: str = "msg_1") -> dict[str, str]:
    proof = KEY_PAIR.sign(f"{name}.{now}.".encode() + body)
    return _standard(name, now, f"v1a,{b64encode(proof).decode()}")


def _standard(name: str, now: int, signature: str) -> dict[str, str]:
    return {
        "webhook-id": name,
        "webhook-timestamp": str(now),
        "webhook-signature": signature,
    }


def slack(body: bytes, now: int = NOW, secret: str = SECRET) -> dict[str, str]:
    proof = sign_hex(f"v0:{now}:".encode() + body, secret)
    return {
        "X-Slack-Request-Timestamp": str(now),
        "X-Slack-Signature": f"v0={proof}",
    }


def stripe(body: bytes, now: int = NOW, secret: str = SECRET) -> dict[str, str]:
    proof = sign_hex(f"{now}.".encode() + body, secret)
    return {"Stripe-Signature": f"t={now},v1={proof}"}


def plain(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Signature": f"sha256={sign_hex(body, secret)}", "X-Id": "id-1"}


def plain_base64(body: bytes, secret: str = SECRET) -> dict[str, str]:
    proof = hmac.digest(secret.encode(), body, "sha256")
    return {"X-Hmac": b64encode(proof).decode()}


def bearer(secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def as_form(payload: Any) -> bytes:
    """As Slack sends what somebody did with a message: JSON in a field of a form."""
    return urlencode({"payload": json.dumps(payload)}).encode()


BODY = b'{"action":"requested","n":1}'
EXAMPLES = {
    "github": Sent(github(BODY), BODY, lambda h, b: check_github(h, b, [SECRET])),
    "standard": Sent(
        standard(BODY), BODY, lambda h, b: check_standard(h, b, [STANDARD_SECRET], NOW)
    ),
    "standard-key": Sent(
        standard_by_key(BODY),
        BODY,
        lambda h, b: check_standard(h, b, [PUBLIC_KEY], NOW),
    ),
    "slack": Sent(slack(BODY), BODY, lambda h, b: check_slack(h, b, [SECRET], NOW)),
    "stripe": Sent(stripe(BODY), BODY, lambda h, b: check_stripe(h, b, [SECRET], NOW)),
    "hmac-hex": Sent(plain(BODY), BODY, lambda h, b: check_hmac(h, b, [SECRET], HEX)),
    "hmac-base64": Sent(
        plain_base64(BODY), BODY, lambda h, b: check_hmac(h, b, [SECRET], BASE64)
    ),
    "bearer": Sent(bearer(), BODY, lambda h, b: check_bearer(h, [SECRET], BEARER)),
}
