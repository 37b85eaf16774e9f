"""Tokens: made here, shown once, and found by their hash ever after."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from workflows_app.models import ApiToken

PREFIX = "hp_"
TOKEN_BYTES = 32
COARSELY = timedelta(minutes=5)
"""The time of the last use is written no more often than this."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token, and the text that will never be seen again."""

    token: ApiToken
    text: str


def make_text() -> str:
    """256 random bits, with a beginning by which scanners of leaked secrets know it."""
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def issue(
    user: User,
    name: str,
    scopes: Sequence[str],
    *,
    rate: int = 600,
    expires_at: datetime | None = None,
) -> IssuedToken:
    """Make a token that acts for a person."""
    text = make_text()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        token_hash=hash_of(text),
        scopes=[str(scope) for scope in scopes],
        rate=rate,
        expires_at=expires_at,
    )
    return IssuedToken(token, text)


def find(text: str) -> ApiToken | None:
    """The token of this text, if it still counts and its person is still here."""
    lasting = Q(expires_at=None) | Q(expires_at__gt=Now())
    found = ApiToken.objects.filter(
        lasting, token_hash=hash_of(text), revoked_at=None, user__is_active=True
    )
    return found.select_related("user").first()


def note_use(token: ApiToken) -> None:
    """Remember that it is used, now and then."""
    last = token.last_used_at
    if last is None or last < timezone.now() - COARSELY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=Now())


def revoke(tokens: Sequence[int]) -> int:
    """Let these count no more."""
    found = ApiToken.objects.filter(pk__in=tokens, revoked_at=None)
    return found.update(revoked_at=Now())
