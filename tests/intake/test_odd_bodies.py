"""Whatever is in a signed body: taken in or refused, never an error of ours."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.flows import approval, billing
from tests.intake.doors import make_source, post
from tests.intake.test_schemes import noted
from workflows_app.models import Delivery, Run

DATA = Path("../shared/data")
DOCUMENTS = sorted((DATA / "json-parsing").glob("*.json"))
STRINGS_FILE = DATA / "naughty-strings" / "strings.json"
STRINGS = (
    [entry["string"] for entry in json.loads(STRINGS_FILE.read_bytes())]
    if STRINGS_FILE.exists()
    else []
)
XSS = [
    line
    for path in sorted((DATA / "attack-strings").glob("xss-*.txt"))
    for line in path.read_text().splitlines()
]
HERE = pytest.mark.skipif(
    not (DOCUMENTS and STRINGS and XSS), reason="the shared data are not here"
)
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]


def soundly(answer: Any) -> bool:
    """Taken in, or refused with a code and a sentence."""
    if answer.status_code < 300:
        return True
    assert answer.status_code in {400, 404, 422}, answer.content
    error = answer.json()["error"]
    return bool(error["code"] and error["message"])


@HERE
def test_every_document_of_the_parser_tests_is_taken_or_refused() -> None:
    make_source(noted, "hmac", rate=10_000)
    for path in DOCUMENTS:
        body = path.read_bytes()
        answer = post("hmac", body)
        assert soundly(answer), path.name
        if path.name.startswith("n_"):
            assert answer.status_code == 400, path.name
        if path.name.startswith("y_object"):
            is_twice = "duplicated" in path.name
            assert answer.status_code == (400 if is_twice else 202), path.name
        kept = Delivery.objects.filter(body=body).latest("received_at")
        assert kept.status == answer.status_code or kept.result == "started"


@HERE
def test_every_document_in_a_form_is_taken_or_refused() -> None:
    make_source(noted, "slack", rate=10_000)
    for path in DOCUMENTS:
        assert soundly(
            post("slack", urlencode({"payload": path.read_bytes()}).encode())
        )


@HERE
def test_odd_texts_start_runs_or_are_refused() -> None:
    mapping = {
        "input": {"text": {"body": "/text"}},
        "tags": {"first": {"text": ["x", {"body": "/text"}]}, "t": {"body": "/text"}},
        "id": {"body": "/text"},
        "only_if": [{"body": "/text", "in": ["none"], "default": "none"}],
    }
    source = make_source(noted, "hmac", mapping=mapping, rate=10_000)
    for text in STRINGS[:30]:
        assert soundly(post("hmac", {"text": text})), text
    assert not Run.objects.exists()
    del mapping["only_if"]
    source.mapping = json.dumps(mapping)
    source.save()
    for text in [*STRINGS, *XSS[:50]]:
        assert soundly(post("hmac", {"text": text})), text
    assert Run.objects.exists()


@HERE
@pytest.mark.parametrize(
    ("number", "part"),
    list(enumerate(["run", "key", "request", "request_id", "tags"])),
)
def test_odd_texts_find_no_question(number: int, part: str) -> None:
    pick: Any = {"body": "/text"}
    find = {part: {"tag": pick} if part == "tags" else pick}
    make_source(approval, "hmac", action="answer", mapping={"find": find}, rate=10_000)
    for text in STRINGS[number::5]:
        answer = post("hmac", {"text": text})
        assert answer.status_code == 404, text
        assert answer.json()["error"]["code"] == "not_found"


@HERE
def test_odd_texts_find_no_run() -> None:
    mapping = {"find": {"key": {"body": "/text"}}, "event": "Paid", "fields": {}}
    make_source(billing, "hmac", action="send", mapping=mapping, rate=10_000)
    for text in STRINGS[::3]:
        assert post("hmac", {"text": text}).status_code == 404, text


@HERE
def test_odd_texts_are_shown_as_texts(root: User) -> None:
    make_source(noted, "hmac", mapping={"input": {"all": {"body": "/all"}}})
    everything = [*STRINGS, *XSS]
    assert post("hmac", {"all": everything}).status_code == 202
    post("hmac", {"all": everything, everything[0]: 1, "\0": 2})
    client = Client()
    client.force_login(root)
    delivery = Delivery.objects.latest("received_at")
    for act in ("delivery_change", "delivery_replay"):
        page = client.get(
            reverse(f"admin:workflows_app_{act}", args=[delivery.pk])
        ).content.decode()
        assert "<script>alert" not in page
    trial = reverse("admin:workflows_app_source_trial", args=[delivery.source_id])
    mapping = json.dumps({"input": {"all": {"body": "/all"}}})
    answer = client.post(trial, {"delivery": delivery.pk, "mapping": mapping})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


@HERE
def test_odd_headers_harm_nothing() -> None:
    mapping = {"input": {"kind": {"unsigned_header": "X-Kind", "default": "none"}}}
    make_source(noted, "hmac", mapping=mapping, rate=10_000)
    for number, text in enumerate(STRINGS):
        if text.isascii() and text.isprintable():
            assert soundly(post("hmac", {"n": number}, X_Kind=text))
