"""Programs with tokens."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from workflows_app.api import bearer, tokens
from workflows_app.models import Scope
from workflows_app.rates import Rates

ROOT = "/api/v1"


class Program:
    """A client that shows a token, and speaks JSON."""

    def __init__(self, text: str) -> None:
        self._client = Client(headers={"authorization": f"Bearer {text}"})

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(ROOT + path, query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """`key="k"` is short for the header of that name."""
        named = {
            name.replace("key", "Idempotency-Key"): v for name, v in headers.items()
        }
        return self._client.post(
            ROOT + path,
            {} if body is None else body,
            content_type="application/json",
            headers=named,
        )


@pytest.fixture(autouse=True)
def fresh_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has asked for anything yet."""
    monkeypatch.setattr(bearer, "rates", Rates())


@pytest.fixture
def program(db: None) -> Callable[..., Program]:
    """Make programs: `program(ada)`, or `program(ada, Scope.READ)` for some scopes."""

    def make(user: User, *scopes: Scope, **options: Any) -> Program:
        named = scopes or tuple(Scope)
        return Program(tokens.issue(user, "test", named, **options).text)

    return make
