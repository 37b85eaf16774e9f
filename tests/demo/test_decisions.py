"""The demo's source of decisions: another program lets a release pass."""

import json
from time import time

import pytest
from django.test import Client

from tests.factories import make_run
from workflows_app.demo.demo_json import Demo
from workflows_app.flows.release_gate import release_gate
from workflows_app.models import InputRequest
from workflows_app.notify.signing import signed_headers


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"outcome": "approve"}, 202),
        ({"outcome": "reject", "reason": "Not today", "note": "Ask Mo"}, 202),
        ({"outcome": "reject"}, 422),
        ({}, 400),
    ],
)
def test_another_program_decides(demo: Demo, said: dict[str, str], status: int) -> None:
    run = make_run(
        release_gate, source="github", delivery_id="d", payload={"action": "x"}
    )
    body = json.dumps({"run_id": str(run.pk), "request_id": "gate-1", **said}).encode()
    headers = signed_headers("msg_1", int(time()), body, [demo.sources[1].secret])
    answer = Client().post(
        "/hooks/decisions/", body, content_type="application/json", headers=headers
    )
    assert answer.status_code == status, answer.content
    is_open = InputRequest.objects.filter(status="open").exists()
    assert is_open == (status != 202)
