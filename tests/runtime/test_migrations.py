"""Rows of the first version, as they are found after the migration to this one."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests import flows
from tests.factories import run_steps
from workflows_app.models import InputRequest, InputResponse, Run, Snapshot
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db(transaction=True)

SHOWN = json.dumps(
    {
        "subject": "Deploy?",
        "prompt": "Well?",
        "metadata": {},
        "display": [],
        "schema": None,
        "proposed": None,
        "outcomes": [
            {"key": "yes", "label": "Yes", "style": "primary", "needs_reason": False}
        ],
    }
)
FIRST_STATE = {
    "status": "running",
    "paused": False,
    "started_by": None,
    "started_at": 1795000000.5,
    "calls": [
        {
            "number": 2,
            "step": "decide",
            "event": {
                "type": "InputResponseEvent",
                "bases": ["Event"],
                "body": '{"request_id":"old","response":"a \\"calls\\":[ b"}',
            },
            "attempt": 1,
            "running": True,
            "losses": 1,
        }
    ],
    "requests": [
        {
            "request_id": "q",
            "shown": SHOWN,
            "digest": "0" * 64,
            "policy": {"assignees": [], "groups": [], "starter_may_decide": True},
            "step": "ask",
            "opened_at": 1795000001.0,
            "expires_in": None,
            "on_expire": None,
            "priority": 0,
            "tags": {},
            "previous": None,
            "respond_as": None,
        }
    ],
    "last_call": 2,
    "last_step": "ask",
    "active_seconds": 0.25,
    "active_since": None,
}
RUN = """
    INSERT INTO workflows_app_run (id, workflow, definition_id, status, paused, state,
        revision, last_number, input, groups, tags)
    VALUES (%(run)s, 'approval', %(digest)s, 'running', false, %(state)s, 3, 0, '{}',
        '{}', '{}')
"""
REST = """
    INSERT INTO workflows_app_definition (digest, name, version, body)
    VALUES (%(digest)s, 'approval', '1', %(body)s);
    INSERT INTO workflows_app_call (run_id, number, step, attempt, worker, lease_until)
    VALUES (%(run)s, 2, 'decide', 1, 'w', now());
    INSERT INTO workflows_app_inputrequest (id, run_id, root_id, request_id, workflow,
        step, status, subject, shown, digest, policy, assignees, groups, priority, tags,
        previous, opened_at, expires_at)
    VALUES (%(run)s, %(run)s, %(run)s, 'q', 'approval', 'ask', 'open', 'Deploy?',
            %(shown)s, '', '{}', '{}', '{}', 0, '{}', '', now(), now()),
        (%(other)s, %(run)s, %(run)s, 'old', 'approval', 'ask', 'answered', 'Old?',
            %(shown)s, '', '{}', '{}', '{}', 0, '{}', '', now(), now());
    INSERT INTO workflows_app_inputresponse (id, request_id, run_id, responder_kind,
        responder, door, outcome, answer, reason, idempotency_key, at)
    VALUES (%(run)s, %(other)s, %(run)s, 'person', 'ada', 'browser', 'yes', 'null', '',
        '', now());
    INSERT INTO workflows_app_snapshot (id, run_id, revision, number, cause, taken_at,
        state, values)
    VALUES (%(run)s, %(run)s, 2, 0, 'waiting', now(), %(state)s, '{}');
"""


def _migrate(name: str | None = None) -> None:
    """To a migration, or to the newest there is."""
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()  # others depend on it, and went with it
    executor.migrate([("workflows_app", name)] if name else newest)


@pytest.fixture
def first_version() -> Iterator[None]:
    """The tables as the first version had them; afterwards as they are today."""
    try:
        _migrate("0002_job_queue")
        yield
    finally:
        _migrate()


def _insert(run_id: object) -> None:
    definition = flows.approval.definition
    given: dict[str, Any] = {
        "run": run_id,
        "other": uuid4(),
        "digest": definition.digest,
        "body": definition.text,
        "state": json.dumps(FIRST_STATE, separators=(",", ":")),
        "shown": SHOWN,
    }
    with connection.cursor() as cursor:
        for statement in [*REST.split(";\n")[:1], RUN, *REST.split(";\n")[1:-1]]:
            cursor.execute(statement, given)


def test_a_run_of_the_first_version_goes_on(first_version: None) -> None:
    run_id = uuid4()
    _insert(run_id)

    _migrate()

    run = Run.objects.get()
    assert (run.root_id, run.parent, run.priority) == (run_id, None, 0)
    assert InputResponse.objects.get().decides
    asked = InputRequest.objects.get(request_id="q")
    assert asked.due_at == asked.expires_at
    assert InputRequest.objects.get(request_id="old").due_at is None
    assert Snapshot.objects.get().state == run.state
    assert Handler(run_id).respond("q", Answer(outcome="yes")).accepted
    assert run_steps(run_id).status == "completed"
