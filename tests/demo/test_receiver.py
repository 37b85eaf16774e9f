"""The demo's receiver: takes what is signed with its secret, and nothing else."""

import pytest
from django.test import Client
from django.utils import timezone

from workflows_app.demo.demo_json import Demo
from workflows_app.models import Receiver
from workflows_app.notify.signing import make_secret, signed_headers

pytestmark = pytest.mark.urls("workflows_app.demo.urls")

BODY = b'{"type": "run.completed"}'
ADDRESS = "/receiver/"


def post(body: bytes, secret: str, *, age: int = 0) -> int:
    now = int(timezone.now().timestamp())
    headers = signed_headers("msg_1", now - age, BODY, [secret])
    client = Client(enforce_csrf_checks=True)
    json_type = "application/json"
    sent = client.post(ADDRESS, body, content_type=json_type, headers=headers)
    return sent.status_code


def test_a_signed_callback_is_taken(demo: Demo) -> None:
    assert post(BODY, Receiver.objects.get().secret) == 204


def test_a_callback_signed_with_another_secret_is_refused(demo: Demo) -> None:
    assert post(BODY, make_secret()) == 401


def test_a_callback_with_another_body_is_refused(demo: Demo) -> None:
    assert post(BODY + b" ", Receiver.objects.get().secret) == 401


def test_an_old_callback_is_refused(demo: Demo) -> None:
    assert post(BODY, Receiver.objects.get().secret, age=600) == 401


def test_without_a_receiver_nothing_is_taken(db: None) -> None:
    assert post(BODY, make_secret()) == 401


def test_an_unsigned_callback_is_refused(demo: Demo) -> None:
    assert Client().post(ADDRESS, BODY, content_type="text/plain").status_code == 401


def test_only_post_is_answered(db: None) -> None:
    assert Client().get(ADDRESS).status_code == 405
