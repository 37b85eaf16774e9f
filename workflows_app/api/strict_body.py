"""Bodies are read by the one strict parser, and only when they say that they are JSON."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.parser import Parser

from workflows_app.engine.strict_json import load_strict

from .errors import ApiError
from .json_reply import JSON

CHARSETS = frozenset({"", "utf-8", "utf8"})


class StrictParser(Parser):
    """Refuses repeated keys, NaN, byte order marks, halves of characters, endless depth."""

    def parse_body(self, request: HttpRequest) -> Any:
        charset = (request.content_params or {}).get("charset", "").lower()
        if request.content_type != JSON or charset not in CHARSETS:
            message = f"Send JSON, in UTF-8, as Content-Type: {JSON}."
            raise ApiError(415, "unsupported_media_type", message)
        return load_strict(request.body, max_bytes=settings.INTAKE_LIMIT)
