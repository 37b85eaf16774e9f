"""What came over HTTP, as its sender signed it: the headers one by one, the body in bytes."""

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest


class BodyTooLargeError(Exception):
    """The body is larger than so many bytes."""


def headers_of(request: HttpRequest) -> list[tuple[str, str]]:
    """As they came: Django joins repeated headers, and one that comes twice is odd."""
    if isinstance(request, ASGIRequest):
        raw = request.scope["headers"]
        return [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in raw
        ]
    return list(request.headers.items())


def read_body(request: HttpRequest, limit: int) -> bytes:
    """The body byte for byte; a larger one than allowed is not read to its end."""
    if _declared_length(request) > limit:
        raise BodyTooLargeError(limit)
    body = request.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLargeError(limit)
    return body


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0  # the server counts what comes
