"""Writes the description of the API into the file that a test compares it with."""

import json
import os
from pathlib import Path

import django

KEPT = Path(__file__).parent / "openapi.json"


def described() -> str:
    """The description as it is now; its order is that of the routes."""
    from review_app.api.v1 import api  # noqa: PLC0415 - Django must be set up

    return json.dumps(api.get_openapi_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    KEPT.write_text(described())
