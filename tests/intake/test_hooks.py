"""The door for webhooks: what is taken in, once, and what is not."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.db.models import F
from django.test import Client

from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step, values
from workflows_app.intake.signatures import sign_github
from workflows_app.intake.views import hook
from workflows_app.models import Delivery, Run, Source
from workflows_app.runtime.definitions import publish

SECRET = "it is a secret to everybody"
MESSAGES = Path(__file__).parents[3] / "shared" / "data" / "github-webhooks"
FILES = [p for p in sorted(MESSAGES.rglob("*.json")) if "_schemas" not in p.parts]


class Hooked(StartEvent):
    """What a webhook brings."""

    source: str
    event: str = ""
    delivery_id: str
    payload: dict[str, Any]


class Ordered(StartEvent):
    """Nothing that a webhook brings."""

    amount: int


@step
def note(ctx: Context, ev: StartEvent) -> StopEvent:
    """End with what came."""
    return StopEvent(result=ev.to_dict())


@step
def note_typed(ctx: Context, ev: Hooked) -> StopEvent:
    """End with the payload."""
    return StopEvent(result=ev.payload)


@step
def note_order(ctx: Context, ev: Ordered) -> StopEvent:
    """End with the amount."""
    return StopEvent(result=ev.amount)


hooked = Workflow("hooked", [note])
hooked_typed = Workflow("hooked-typed", [note_typed])
ordered = Workflow("ordered", [note_order])


@pytest.fixture
def source(db: None) -> Source:
    """A source whose workflow some worker offers."""
    return _source(hooked)


def _source(workflow: Workflow, **fields: Any) -> Source:
    publish(workflow.definition)
    return Source.objects.create(
        name="github", secrets=[SECRET], workflow=workflow.name, **fields
    )


def _post(body: bytes, delivery_id: str = "d-1", **headers: str) -> Any:
    signed = {
        "X-Hub-Signature-256": sign_github(body, SECRET),
        "X-GitHub-Delivery": delivery_id,
        "X-GitHub-Event": "push",
    }
    return Client().post(
        "/hooks/github/",
        body,
        content_type="application/json",
        headers=signed
        | {name.replace("_", "-"): text for name, text in headers.items()},
    )


def _nothing_happened() -> bool:
    return not Delivery.objects.exists() and not Run.objects.exists()


def _is_refused(status: int) -> bool:
    """Nothing came of it, and the log says so."""
    delivery = Delivery.objects.get()
    assert (delivery.result, delivery.status) == ("refused", status)
    assert (delivery.run, delivery.request) == (None, None)
    return bool(delivery.detail) and not Run.objects.exists()


def test_a_message_is_taken_in_and_starts_a_run(source: Source) -> None:
    answer = _post(b'{"ref": "main"}')
    run = Run.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"run_id": str(run.pk), "delivery_id": "d-1"}
    assert (run.workflow, run.source) == ("hooked", source)
    assert run.tags == {"source": "github", "event": "push"}
    assert values.load(run.input) == {
        "source": "github",
        "event": "push",
        "delivery_id": "d-1",
        "payload": {"ref": "main"},
    }


def test_the_members_of_the_sources_groups_may_see_the_run(db: None) -> None:
    _source(hooked, groups=["releases"])
    _post(b"{}")
    assert "releases" in Run.objects.get().groups


def test_the_delivery_is_kept_byte_for_byte(source: Source) -> None:
    body = b'\n {"b": 1.10, "a": "\\u00e9 \xc3\xa9 \\u0000"}\r\n'
    assert _post(body).status_code == 202
    delivery = Delivery.objects.get()
    assert bytes(delivery.body) == body
    assert delivery.body_digest == sha256(body).hexdigest()
    assert delivery.run == Run.objects.get()


def test_a_typed_workflow_gets_the_same_four_fields(db: None) -> None:
    _source(hooked_typed)
    assert _post(b'{"ref": "main"}').status_code == 202


def test_an_address_without_the_last_slash_will_do(source: Source) -> None:
    headers = {
        "X-Hub-Signature-256": sign_github(b"{}", SECRET),
        "X-GitHub-Delivery": "d",
    }
    answer = Client().post(
        "/hooks/github", b"{}", content_type="application/json", headers=headers
    )
    assert answer.status_code == 202
    assert Delivery.objects.get().event == ""


@pytest.mark.skipif(not FILES, reason="the payloads of GitHub are not here")
@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_what_github_sends_twice_starts_one_run(source: Source, path: Path) -> None:
    body = path.read_bytes()
    event = path.parent.name
    first = _post(body, "72d3162e-cc78-11e3-81ab-4c9367dc0958", X_GitHub_Event=event)
    second = _post(body, "72d3162e-cc78-11e3-81ab-4c9367dc0958", X_GitHub_Event=event)
    delivery = Delivery.objects.get()
    assert (first.status_code, second.status_code) == (202, 200)
    assert (
        first.json()
        == second.json()
        == {
            "run_id": str(Run.objects.get().pk),
            "delivery_id": delivery.delivery_id,
        }
    )
    assert bytes(delivery.body) == body
    assert (delivery.event, delivery.times_received) == (event, 2)
    assert values.load(Run.objects.get().input)["payload"] == json.loads(body)


def test_the_same_body_under_a_new_id_is_a_repeat(source: Source) -> None:
    first = _post(b'{"ref": "main"}', "d-1")
    second = _post(b'{"ref": "main"}', "d-2", X_GitHub_Event="release")
    assert second.status_code == 200
    assert second.json() == first.json()
    assert Delivery.objects.get().times_received == 2


def test_the_same_body_a_day_later_is_news(source: Source) -> None:
    first = _post(b"{}", "d-1")
    Delivery.objects.update(received_at=F("received_at") - timedelta(hours=25))
    second = _post(b"{}", "d-2")
    assert second.status_code == 202
    assert second.json()["run_id"] != first.json()["run_id"]


def test_the_same_body_from_another_source_is_news(source: Source) -> None:
    other = Source.objects.create(name="other", secrets=[SECRET], workflow="hooked")
    _post(b"{}")
    Source.objects.filter(pk=source.pk).update(name="first")
    Source.objects.filter(pk=other.pk).update(name="github")
    assert _post(b"{}").status_code == 202
    assert Run.objects.count() == 2


def test_another_body_under_a_known_id_changes_nothing_and_is_counted(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    first = _post(b'{"approved": false}')
    second = _post(b'{"approved": true}')
    delivery = Delivery.objects.get()
    assert second.status_code == 200
    assert second.json() == first.json()
    assert bytes(delivery.body) == b'{"approved": false}'
    assert (delivery.times_received, delivery.conflicts) == (2, 1)
    assert "another body" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_twenty_senders_at_once_start_one_run() -> None:
    _source(hooked)
    together = Barrier(20)

    def send(number: int) -> Any:
        together.wait(timeout=20)
        try:
            return _post(b'{"ref": "main"}', f"d-{number % 2}")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert len({answer.content for answer in answers}) == 1
    assert Run.objects.count() == 1
    assert Delivery.objects.get().times_received == 20


def test_a_wrong_signature_is_refused_without_detail(source: Source) -> None:
    answer = _post(b"{}", X_Hub_Signature_256=sign_github(b"{}", "guessed"))
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"code": "bad_signature", "message": "The signature is not valid."}
    }
    assert _nothing_happened()


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Hub_Signature_256": ""},
        {"X_Hub_Signature_256": "sha256=é"},
        {"X_Hub_Signature_256": "sha1=" + "0" * 40},
        {"X_Hub_Signature_256": "sha256=" + "0" * 100_000},
        {"X_GitHub_Delivery": ""},
        {"X_GitHub_Delivery": "two words"},
        {"X_GitHub_Delivery": "x" * 101},
        {"X_GitHub_Event": "../../etc/passwd"},
        {"X_GitHub_Event": "<script>"},
    ],
)
def test_odd_headers_are_refused_like_a_wrong_signature(
    source: Source, headers: dict[str, str]
) -> None:
    assert _post(b"{}", **headers).status_code == 401
    assert _nothing_happened()


@pytest.mark.parametrize("name", [b"x-hub-signature-256", b"x-github-delivery"])
def test_a_header_that_comes_twice_is_refused(source: Source, name: bytes) -> None:
    headers = [
        (b"x-hub-signature-256", sign_github(b"{}", SECRET).encode()),
        (b"x-github-delivery", b"d-1"),
    ]
    again = [header for header in headers if header[0] == name]
    scope = {"method": "POST", "path": "/hooks/github/", "headers": headers + again}
    answer = hook(ASGIRequest(scope, BytesIO(b"{}")), "github")
    assert answer.status_code == 401
    assert _nothing_happened()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        "{}".encode("utf-16"),
        b"payload=%7B%7D",
    ],
    ids=range(15),
)
def test_what_is_not_a_sound_json_object_is_refused(
    source: Source, body: bytes
) -> None:
    answer = _post(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "bad_json")
    assert error["message"].endswith(".")
    assert _is_refused(400)


def test_a_body_of_the_allowed_size_is_taken_in(
    source: Source, settings: LazySettings
) -> None:
    body = b'{"a": "%s"}' % (b"x" * (settings.INTAKE_LIMIT - 9))
    assert len(body) == settings.INTAKE_LIMIT == 1_048_576
    assert _post(body).status_code == 202


def test_one_byte_more_is_too_much(source: Source, settings: LazySettings) -> None:
    body = b'{"a": "%s"}' % (b"x" * (settings.INTAKE_LIMIT - 8))
    answer = _post(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert _nothing_happened()


@pytest.mark.parametrize("declared", [b"2", b"much", b""])
def test_a_body_is_not_read_further_than_allowed(
    source: Source, settings: LazySettings, declared: bytes
) -> None:
    body = BytesIO(b"x" * (settings.INTAKE_LIMIT + 1000))
    headers = [(b"content-length", declared)]
    scope = {"method": "POST", "path": "/hooks/github/", "headers": headers}
    answer = hook(ASGIRequest(scope, body), "github")
    assert answer.status_code == 413
    assert body.tell() <= settings.INTAKE_LIMIT + 1


def test_a_payload_that_the_workflow_does_not_take_is_refused(db: None) -> None:
    _source(ordered)
    answer = _post(b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        400,
        "invalid_input",
    )
    assert _is_refused(400)


def test_a_source_whose_workflow_nobody_offers_asks_to_come_again(db: None) -> None:
    Source.objects.create(name="github", secrets=[SECRET], workflow="unheard-of")
    answer = _post(b"{}")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert _is_refused(503)


@pytest.mark.parametrize("fields", [{"name": "other"}, {"mode": "off"}])
def test_only_active_sources_are_there(source: Source, fields: dict[str, Any]) -> None:
    Source.objects.update(**fields)
    answer = _post(b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert _nothing_happened()


def test_a_source_without_secrets_takes_nothing_in(source: Source) -> None:
    Source.objects.update(secrets=[])
    assert _post(b"{}").status_code == 401


@pytest.mark.parametrize("secrets", [[SECRET, "new"], ["new", SECRET]])
def test_two_secrets_count_while_one_is_exchanged(
    source: Source, secrets: list[str]
) -> None:
    Source.objects.update(secrets=secrets)
    assert _post(b"{}").status_code == 202


def test_what_was_refused_counts_when_it_can(db: None) -> None:
    source = Source.objects.create(name="github", secrets=[SECRET], workflow="hooked")
    assert _post(b"{}").status_code == 503
    publish(hooked.definition)
    answer = _post(b"{}")
    delivery = Delivery.objects.get()
    assert answer.status_code == 202
    assert (delivery.result, delivery.times_received, delivery.detail) == (
        "started",
        2,
        "",
    )
    assert delivery.run == Run.objects.get()
    assert _post(b"{}").json() == answer.json()
    assert source.deliveries.get().times_received == 3


def test_a_refused_id_may_come_again_with_another_body(source: Source) -> None:
    assert _post(b"[]").status_code == 400
    assert _post(b'{"ref": "main"}').status_code == 202
    delivery = Delivery.objects.get()
    assert bytes(delivery.body) == b'{"ref": "main"}'
    assert (delivery.times_received, delivery.conflicts) == (2, 1)


def test_a_source_on_trial_keeps_what_comes_and_does_nothing(source: Source) -> None:
    Source.objects.update(mode="trial")
    answer = _post(b"{}")
    assert (answer.status_code, answer.json()) == (
        202,
        {"kept": True, "delivery_id": "d-1"},
    )
    delivery = Delivery.objects.get()
    assert (delivery.result, delivery.run) == ("kept", None)
    assert not Run.objects.exists()
    Source.objects.update(mode="on")
    assert _post(b"{}").json()["run_id"] == str(Run.objects.get().pk)


def test_a_source_may_be_held_to_a_size_of_its_own(source: Source) -> None:
    Source.objects.update(max_bytes=20)
    assert _post(b'{"a": "%s"}' % (b"x" * 11)).status_code == 202
    answer = _post(b'{"a": "%s"}' % (b"x" * 12))
    assert answer.status_code == 413
    assert "20 bytes" in answer.json()["error"]["message"]


def test_no_source_may_send_more_than_all_may(
    source: Source, settings: LazySettings
) -> None:
    Source.objects.update(max_bytes=1_000)
    settings.INTAKE_LIMIT = 20
    assert _post(b'{"a": "%s"}' % (b"x" * 12)).status_code == 413


def test_a_source_that_sends_too_much_is_told_when_to_go_on(source: Source) -> None:
    Source.objects.update(rate=2)
    codes = [_post(b'{"n": %d}' % n, f"d-{n}").status_code for n in range(2)]
    answer = _post(b'{"n": 2}', "d-2")
    assert codes == [202, 202]
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many")
    assert 1 <= int(answer["Retry-After"]) <= 30
    assert Delivery.objects.count() == 2


def test_what_is_not_proven_uses_up_no_rate(source: Source) -> None:
    Source.objects.update(rate=1)
    for _ in range(5):
        _post(b"{}", X_Hub_Signature_256=sign_github(b"{}", "guessed"))
    assert _post(b"{}").status_code == 202


def test_headers_that_say_something_are_kept_and_no_secrets(source: Source) -> None:
    _post(b"{}", X_Else="else", Authorization="Basic abc", Cookie="session=1")
    assert Delivery.objects.get().headers == {
        "content-type": "application/json",
        "x-github-delivery": "d-1",
        "x-github-event": "push",
    }


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_webhooks_are_posted(source: Source, method: str) -> None:
    answer = getattr(Client(), method)("/hooks/github/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert _nothing_happened()


def test_a_sender_needs_no_token_of_a_form(source: Source) -> None:
    signature = sign_github(b"{}", SECRET)
    headers = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": "d"}
    answer = Client(enforce_csrf_checks=True).post(
        "/hooks/github/", b"{}", content_type="application/json", headers=headers
    )
    assert answer.status_code == 202
