"""The program of the demo, whose token stays as long as it counts."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.demo.conftest import URL
from workflows_app.api import tokens
from workflows_app.demo import loader
from workflows_app.models import ApiToken

pytestmark = pytest.mark.django_db


def test_its_token_opens_every_door(tmp_path: Path) -> None:
    demo = loader.load(tmp_path, URL)
    shown = {"authorization": f"Bearer {demo.api_token}"}

    for path in ("/runs", "/requests", "/workflows", "/workers"):
        reply = Client().get(f"/api/v1{path}", headers=shown)
        assert reply.status_code == 200, path


def test_the_token_that_is_known_stays(tmp_path: Path) -> None:
    demo = loader.load(tmp_path, URL)
    loader.write_demo_json(tmp_path, demo)

    assert loader.load(tmp_path, URL).api_token == demo.api_token
    assert ApiToken.objects.count() == 1


def test_one_that_was_revoked_is_replaced(tmp_path: Path) -> None:
    demo = loader.load(tmp_path, URL)
    loader.write_demo_json(tmp_path, demo)
    tokens.revoke([ApiToken.objects.get().pk])

    again = loader.load(tmp_path, URL)

    assert again.api_token != demo.api_token
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_nobody_signs_in_as_the_program(tmp_path: Path) -> None:
    demo = loader.load(tmp_path, URL)

    assert not User.objects.get(username="robot").has_usable_password()
    assert "robot" not in [login.name for login in demo.users]
