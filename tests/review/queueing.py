"""What tests of the queue do: make many requests, look at a list, answer one."""

from collections.abc import Sequence
from typing import Any

import uuid_utils.compat as uuid
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_request
from tests.policies import asking
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Answer, Handler

bulk = asking("together", bulk=True)
"""Asks what several requests may be asked at once."""

apart = asking("apart")
"""Asks what may only be decided by itself."""


def more(
    like: InputRequest, subjects: Sequence[str], **columns: Any
) -> list[InputRequest]:
    """Other open requests of the same run, with other columns."""
    fields = ("run_id", "root_id", "workflow", "step", "shown", "digest", "opened_at")
    given = {name: getattr(like, name) for name in fields}
    rows = [
        InputRequest(
            id=uuid.uuid7(), request_id=subject, subject=subject, **{**given, **columns}
        )
        for subject in subjects
    ]
    return InputRequest.objects.bulk_create(rows)


def one(subject: str, **columns: Any) -> InputRequest:
    """A request of its own run, changed in the table."""
    asked = make_request(subject=subject)
    InputRequest.objects.filter(pk=asked.pk).update(**columns)
    asked.refresh_from_db()
    return asked


def answer(asked: InputRequest, user: User, outcome: str = "approve") -> None:
    """Decide for good."""
    value = asked.content["proposed"]
    given = Answer(value=value, outcome=outcome, user=user, door="browser", undo=0)
    Handler(asked.run_id).respond(asked.request_id, given)


def subjects(client: Client, address: str) -> list[str]:
    """What a page of the queue lists, in order."""
    response = client.get(address)
    assert response.status_code == 200
    return [row.asked.subject for row in response.context["page"].rows]


def counts(client: Client, address: str) -> dict[str, int | None]:
    """What its tabs count."""
    page = client.get(address).context["page"]
    return {tab.key: tab.count for tab in page.tabs}
