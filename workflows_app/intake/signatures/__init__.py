"""Who really sent this message? Bytes in, the proof out, or BadSignatureError."""

from .github import check_github, sign_github
from .plain import PlainHeader, check_bearer, check_hmac
from .proof import DELIVERY_ID, BadSignatureError, Headers, Signed, pairs_of
from .slack import check_slack
from .standard import check_key, check_standard
from .stripe import check_stripe

__all__ = [
    "DELIVERY_ID",
    "BadSignatureError",
    "Headers",
    "PlainHeader",
    "Signed",
    "check_bearer",
    "check_github",
    "check_hmac",
    "check_key",
    "check_slack",
    "check_standard",
    "check_stripe",
    "pairs_of",
    "sign_github",
]
