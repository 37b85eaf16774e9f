"""The description of the API: what it says is kept in a file, and true."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from review_app.models import SavedView
from tests.factories import make_request
from tests.flows import approval
from tests.intake import signing
from tests.intake.doors import make_source
from workflows_app.api import errors, tokens
from workflows_app.intake.sources import receive
from workflows_app.models import (
    Delivery,
    Kind,
    Message,
    Receiver,
    Scope,
    Snapshot,
    Worker,
)
from workflows_app.notify.signing import make_secret
from workflows_app.runtime import answer_links
from workflows_app.runtime.answer_links import Guest
from workflows_app.runtime.definitions import publish

from .renew_openapi import KEPT, described

ROOT = Path(__file__).parents[2]
ADDRESS = "/api/v1/openapi.json"
EXAMPLES = 200 if os.environ.get("HOLDPOINT_LONG") else 10
schema = schemathesis.openapi.from_dict(json.loads(described()))


def test_the_description_is_the_one_that_is_kept() -> None:
    """To renew it: `make openapi`. Then read what has changed: others rely on it."""
    assert Client().get(ADDRESS).json() == json.loads(KEPT.read_text())


def test_everything_is_described() -> None:
    paths = json.loads(KEPT.read_text())["paths"]
    operations = [
        (method, path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    for method, path, operation in operations:
        assert operation["security"], path
        assert "Scope: " in operation["description"], path
        assert {"400", "401", "403", "429", "503"} <= operation["responses"].keys()
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert ("Idempotency-Key" in names) == (method == "post"), path
    assert len(operations) >= 60


def test_every_code_of_an_error_is_in_the_document() -> None:
    document = (ROOT / "docs" / "api.md").read_text()
    codes = {code for _, code, _ in errors.TABLE.values()}

    assert [code for code in sorted(codes) if f"`{code}`" not in document] == []


def test_the_description_can_be_read_in_a_browser() -> None:
    page = Client().get("/api/docs")

    assert page.status_code == 200
    assert ADDRESS in page.content.decode()
    assert "cdn" not in page.content.decode()


@pytest.fixture
def world(db: None, person: Callable[..., User]) -> dict[str, Any]:
    """Things to be found at the addresses, and a token for everything."""
    everybody = person("everybody", "reviewers", "leads", "operators")
    publish(approval.definition)
    receive(make_source(approval), signing.plain(b"no JSON"), b"no JSON")
    Receiver.objects.create(name="shop", secret=make_secret(), kinds=[Kind.OPENED])
    asked = make_request()
    moment = asked.opened_at
    worker = Worker.objects.create(
        host="h", pid=1, started_at=moment, seen_at=moment, slots=1
    )
    token = tokens.issue(everybody, "fuzz", tuple(Scope), rate=1_000_000)
    return {
        "headers": {"Authorization": f"Bearer {token.text}"},
        "paths": {
            "pk": str(asked.pk),
            "run_id": str(asked.run_id),
            "snapshot_id": str(Snapshot.objects.latest("id").pk),
            "other_id": str(Snapshot.objects.earliest("id").pk),
            "worker_id": str(worker.pk),
            "view_id": str(SavedView.objects.create(owner=everybody).pk),
            "link_id": str(answer_links.issue(asked.pk, Guest("Jo")).link.pk),
            "delivery_id": str(Delivery.objects.get().pk),
            "message_id": str(Message.objects.get().pk),
        },
    }


@pytest.fixture(scope="module")
def application() -> Iterator[Any]:
    """Django, with a connection that lasts from one request to the next."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in ends:
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.timeout(300)
def test_no_request_gets_an_answer_that_is_not_described(
    case: Any, world: dict[str, Any], application: Any
) -> None:
    """Each as it comes, and about something that is there."""
    case.headers.update(world["headers"])
    case.validate_response(
        case.call(app=application), checks=[*CHECKS, negative_data_rejection]
    )
    if case.path_parameters:
        there = {name: world["paths"][name] for name in case.path_parameters}
        case.path_parameters.update(there)
        case.validate_response(case.call(app=application), checks=CHECKS)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
