"""Whatever is sent, the answer is clear, in one form, and never our fault."""

import json
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_request
from tests.flows import approval
from workflows_app.api import tokens
from workflows_app.models import Comment, Run, Scope
from workflows_app.runtime.definitions import publish

from .conftest import Program

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]
Programs = Callable[..., Program]
DATA = Path(__file__).parents[3] / "shared" / "data"
PARSER_FILES = sorted((DATA / "json-parsing").glob("[yni]_*.json"))
needs_data = pytest.mark.skipif(not PARSER_FILES, reason="the shared data is not here")
JSON = "application/json"


def naughty() -> Iterator[str]:
    path = DATA / "naughty-strings" / "strings.json"
    strings = (each["string"] for each in json.loads(path.read_text()))
    yield from filter(None, strings)


@pytest.fixture
def raw(ada: User) -> Callable[..., Any]:
    """Posts bytes as they are."""
    text = tokens.issue(ada, "test", tuple(Scope), rate=1_000_000).text

    def send(path: str, body: bytes | str, content_type: str = JSON) -> Any:
        headers = {"authorization": f"Bearer {text}"}
        address = f"/api/v1{path}"
        return Client().post(address, body, content_type=content_type, headers=headers)

    return send


def is_clear(reply: Any) -> bool:
    """Whether it is a refusal in the one form."""
    told = reply.json()["error"]
    return (
        400 <= reply.status_code < 500
        and isinstance(told["code"], str)
        and bool(told["message"])
        and told.keys() <= {"code", "message", "path", "details"}
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_input"),
        (b"{", "bad_json"),
        (b'{"prompt": "a", "prompt": "b"}', "bad_json"),
        (b'{"prompt": NaN}', "bad_json"),
        (b'{"priority": 1e999}', "bad_json"),
        (b'\xef\xbb\xbf{"prompt": "a"}', "bad_json"),
        ('{"prompt": "a"}'.encode("utf-16"), "bad_json"),
        (b'{"prompt": "\xff"}', "bad_json"),
        (rb'{"prompt": "\ud800"}', "bad_json"),
        (b'{"prompt": ' + b"[" * 100_000, "bad_json"),
        (b'{"priority": ' + b"1" * 5_000 + b"}", "bad_json"),
        (b"null", "invalid_input"),
        (b"7", "invalid_input"),
    ],
)
def test_json_is_taken_strictly(
    raw: Callable[..., Any], body: bytes, code: str
) -> None:
    reply = raw("/requests", body)

    assert reply.status_code == 400
    assert is_clear(reply)
    assert reply.json()["error"]["code"] == code
    assert not Run.objects.exists()


@needs_data
def test_no_file_of_the_parser_suite_breaks_anything(raw: Callable[..., Any]) -> None:
    """Each as a whole body, which it never fits, or as a part of one."""
    for number, path in enumerate(PARSER_FILES):
        body = path.read_bytes()
        if number % 2:
            body = b'{"prompt": "a", "metadata": {"a": ' + body + b"}}"
        reply = raw("/requests", body)
        assert reply.status_code == 201 or is_clear(reply), path.name


@needs_data
def test_no_naughty_string_breaks_anything(
    ada: User, olga: User, program: Programs
) -> None:
    """Each at one of the places where a text may be."""
    publish(approval.definition)
    ours, asked = program(ada, rate=1_000_000), f"/requests/{make_request().pk}"
    operators = program(olga, rate=1_000_000)
    places: list[Callable[[str], Any]] = [
        lambda text: ours.get("/runs", workflow=text),
        lambda text: ours.get("/runs", tag=text),
        lambda text: ours.get("/runs", cursor=text),
        lambda text: ours.get("/requests", group=text),
        lambda text: ours.get("/requests", **{text: text}),
        lambda text: ours.post("/runs", {"workflow": text}),
        lambda text: ours.post("/runs", {"workflow": "approval", "input": {text: 1}}),
        lambda text: ours.post("/runs", {"workflow": "approval", "tags": {text: text}}),
        lambda text: ours.post(f"{asked}/response", {"response": text}),
        lambda text: ours.post(f"{asked}/response", {"outcome": text}),
        lambda text: ours.post(f"{asked}/comments", {"text": text}),
        lambda text: ours.post(f"{asked}/delegate", {"to": text}),
        lambda text: ours.post(f"{asked}/take-over", {"reason": text}),
        lambda text: ours.post(f"{asked}/snooze", {"until": text}),
        lambda text: ours.post(f"{asked}/draft", {"response": {"note": text}}),
        lambda text: ours.get("/queue", q=text),
        lambda text: ours.get("/queue", tag=text, cursor=text),
        lambda text: ours.post("/views", {"name": text}),
        lambda text: ours.post("/views", {"name": "a", "share_with": text}),
        lambda text: operators.get("/deliveries", source=text),
        lambda text: operators.get("/messages", kind=text),
        lambda text: operators.get("/dashboard", zone=text),
        lambda text: operators.get("/decisions", group=text, cursor=text),
    ]
    for text, place in zip(naughty(), cycle(places), strict=False):
        reply = place(text)
        assert reply.status_code in {200, 201} or is_clear(reply), text


@needs_data
def test_naughty_strings_are_asked_and_come_back_as_they_were(
    ada: User, program: Programs
) -> None:
    ours, strings = program(ada, rate=1_000_000), list(naughty())
    everything = {text: [text] for text in strings}

    reply = ours.post("/requests", {"prompt": "a", "metadata": everything})

    assert reply.json()["metadata"] == everything
    for text in strings[::10]:
        asked = ours.post("/requests", {"prompt": text, "subject": text[:300]})
        assert asked.json()["prompt"] == text


def test_what_no_column_can_hold_is_told_or_shown(ada: User, program: Programs) -> None:
    asked = make_request()
    ours = program(ada)

    subject = ours.post("/requests", {"prompt": "a", "subject": "a\0b"}).json()
    comment = ours.post(f"/requests/{asked.pk}/comments", {"text": "a\0b"})
    reason = ours.post(f"/requests/{asked.pk}/take-over", {"reason": "a\0b"})

    assert subject["subject"] == "a␀b"
    assert (comment.status_code, comment.json()["text"]) == (201, "a␀b")
    assert reason.status_code == 400


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", f"{JSON}; charset=utf-16"],
)
def test_only_json_is_taken(raw: Callable[..., Any], content_type: str) -> None:
    reply = raw("/requests", b'{"prompt": "a"}', content_type)

    assert reply.status_code == 415
    assert is_clear(reply)


def test_the_usual_charset_may_be_named(raw: Callable[..., Any]) -> None:
    assert (
        raw("/requests", b'{"prompt": "a"}', f"{JSON}; charset=UTF-8").status_code
        == 201
    )


def test_a_body_may_have_its_limit_and_no_more(
    raw: Callable[..., Any], settings: LazySettings
) -> None:
    frame = '{"prompt": "%s"}'
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    largest = frame % ("a" * (limit - len(frame) + 2))

    assert raw("/requests", largest).status_code == 201
    refused = raw("/requests", largest + " ")
    assert refused.status_code == 413
    assert is_clear(refused)


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/runs/odd", "/requests/odd/response"]
)
def test_what_is_not_there_is_told_in_the_one_form(
    ada: User, program: Programs, path: str
) -> None:
    reply = program(ada).get(path)
    assert (reply.status_code, is_clear(reply)) == (404, True)


def test_a_wrong_method_is_told_in_the_one_form(ada: User, program: Programs) -> None:
    asked = make_request()
    ours = program(ada)
    reply = ours.get(f"/requests/{asked.pk}/response")

    assert (reply.status_code, reply["Allow"]) == (405, "POST")
    assert is_clear(reply)
    assert ours.post("/events").status_code == 405
    assert not Comment.objects.exists()
