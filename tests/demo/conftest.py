"""The demo, loaded into a data directory of its own."""

from pathlib import Path

import pytest
from pytest_django import Settings

from workflows_app.demo import loader
from workflows_app.demo.demo_json import Demo

URL = "http://127.0.0.1:8000"


@pytest.fixture
def demo(tmp_path: Path, db: None, quick_passwords: None) -> Demo:
    return loader.load(tmp_path, URL)


@pytest.fixture
def quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
