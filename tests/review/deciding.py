"""What tests of the decision page do: show a request, send an answer, let time pass."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from tests.factories import let_pass
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.worker.watch import Watcher

HTMX = {"HX-Request": "true"}
"""The header by which a page with scripts asks for the next one."""


def sheet_of(asked: InputRequest, **changes: str) -> dict[str, str]:
    """What a browser sends when somebody approves."""
    return {
        "digest": asked.digest,
        "idempotency_key": str(uuid4()),
        "outcome": "approve",
        "reason": "",
        "answer-amount": "120",
        "answer-note": "",
        **changes,
    }


def post(
    client: Client,
    address: str,
    data: dict[str, str],
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    response: Any = client.post(address, data, headers=headers)
    return response  # type: ignore[no-any-return]  # the test client's own type


def send(client: Client, asked: InputRequest, **changes: str) -> HttpResponse:
    return post(client, f"/requests/{asked.pk}/", sheet_of(asked, **changes))


def text(response: HttpResponse) -> str:
    return response.content.decode()


def show(client: Client, asked: InputRequest, query: str = "") -> str:
    return get(client, f"/requests/{asked.pk}/{query}")


def get(client: Client, address: str, headers: dict[str, str] | None = None) -> str:
    return str(client.get(address, headers=headers).content.decode())


def end_undo_time(asked: InputRequest) -> None:
    """Let what was decided count now."""
    let_pass(asked.run_id, 60)
    Watcher().look()


def answer_as(user: User, asked: InputRequest, **given: Any) -> None:
    fields = {"value": {"amount": 180}, "outcome": "approve", "door": "browser"}
    Handler(asked.run_id).respond(asked.request_id, Answer(user=user, **fields | given))
