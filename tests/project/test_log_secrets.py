"""What must not be read in a log."""

import logging
from typing import Any

import pytest
from django.conf import settings

from project.log_secrets import WithoutSecrets


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/a/6_10Cg0okIK0-Hb4Ebc5axTfJ5zrLL_cx5V95fByyrw/", "/a/…/"),
        ("/welcome/MQ/d2k3-9f8e7d/", "/welcome/MQ/…/"),
        ("/a/done/", "/a/done/"),
        ("/requests/7/", "/requests/7/"),
    ],
)
def test_addresses_that_are_secrets_are_shortened(path: str, logged: str) -> None:
    record = logging.makeLogRecord({"msg": "Lost at %s", "args": (path,)})

    assert WithoutSecrets().filter(record)

    assert record.getMessage() == f"Lost at {logged}"


def test_every_handler_leaves_them_out() -> None:
    handlers: Any = settings.LOGGING["handlers"]

    assert handlers
    assert all("without_secrets" in each["filters"] for each in handlers.values())
