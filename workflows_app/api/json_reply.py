"""Replies: JSON, never kept by anybody on the way."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja.renderers import BaseRenderer

JSON = "application/json"


class JsonRenderer(BaseRenderer):
    """What a view returns, as text."""

    media_type = JSON

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        return json_text(data)


def json_text(body: Any) -> str:
    return json.dumps(body, default=_as_text, ensure_ascii=False)


def _as_text(value: Any) -> str:
    """What JSON lacks and we tell: moments, to the microsecond, days, and ids."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value)} is no JSON.")


def json_reply(body: Any, status: int = 200) -> HttpResponse:
    return text_reply(json_text(body), status)


def text_reply(text: str, status: int) -> HttpResponse:
    """A reply whose text is there already."""
    response = HttpResponse(text, status=status, content_type=JSON)
    response["Cache-Control"] = "no-store"
    return response


def stored(text: str | None) -> Any:
    """What exact JSON says, types that JSON lacks as `{"$type": …, "value": …}`."""
    return None if text is None else json.loads(text)
