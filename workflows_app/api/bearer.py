"""Who asks: the person for whom a token acts, within the token's scopes."""

import math

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer

from workflows_app.models import ApiToken, Scope
from workflows_app.rates import Rates

from . import tokens, waiting
from .errors import ApiError, unauthorized

MISSES = 10
"""Wrong tokens from one address in a minute, before it is told to go away."""

rates = Rates()


class BearerToken(HttpBearer):
    """Lets in who has a token with one of these scopes."""

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        """The token, counted and noted; raises ApiError for who may not come in."""
        found = tokens.find(token)
        if found is None:
            raise _unknown(request)
        if waiting.wish_before(request) is None:
            _check_rate(("token", found.pk), found.rate)
            tokens.note_use(found)
        if not set(self.scopes) & set(found.scopes):
            raise _out_of_scope(self.scopes)
        return found


def token_of(request: HttpRequest) -> ApiToken:
    """The token that this request came with."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return token


def user_of(request: HttpRequest) -> User:
    user: User = token_of(request).user
    return user


def _unknown(request: HttpRequest) -> ApiError:
    _check_rate(("address", request.META.get("REMOTE_ADDR", "")), MISSES)
    return unauthorized(
        "This token is unknown, has expired or was revoked.",
        'Bearer error="invalid_token"',
    )


def _check_rate(who: tuple[str, object], per_minute: int) -> None:
    wait = rates.take(who, per_minute)
    if wait:
        seconds = str(math.ceil(wait))
        message = f"This is more than {per_minute} a minute. Wait {seconds} s."
        raise ApiError(
            429, "too_many_requests", message, headers={"Retry-After": seconds}
        )


def _out_of_scope(scopes: tuple[Scope, ...]) -> ApiError:
    names = " or ".join(scopes)
    challenge = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
    return ApiError(
        403,
        "missing_scope",
        f"This token lacks the scope {names}.",
        headers={"WWW-Authenticate": challenge},
    )
