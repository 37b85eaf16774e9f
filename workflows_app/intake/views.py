"""The door for webhooks: POST /hooks/<source>/."""

import logging
import math

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from workflows_app.models import Source

from .message import body_limit
from .refusals import Refusal
from .signatures import BadSignatureError
from .sources import Reply, TooManyError, find_source, receive

log = logging.getLogger(__name__)


class BodyTooLargeError(Exception):
    """The body is larger than so many bytes."""


@csrf_exempt
def hook(request: HttpRequest, name: str) -> HttpResponse:
    """Take in one message of a source; the same again gets the same answer."""
    if request.method != "POST":
        return _refuse(405, "method_not_allowed", "Webhooks are posted.", Allow="POST")
    source = find_source(name)
    if source is None:
        return _refuse(404, "not_found", "There is no such source.")
    try:
        reply = receive(source, _headers(request), _read(request, body_limit(source)))
    except BodyTooLargeError as error:
        return _refuse(413, "too_large", f"The body is larger than {error} bytes.")
    except BadSignatureError as error:
        log.warning("Refused a message for source %s: %s", source.name, error)
        return _refuse_unproven(source)
    except TooManyError as error:
        wait = str(math.ceil(error.seconds))
        return _refuse(429, "too_many", str(error), **{"Retry-After": wait})
    return _tell(reply)


def _tell(reply: Reply) -> HttpResponse:
    if reply.is_shown:
        return HttpResponse(status=200)
    response = JsonResponse(reply.content, status=reply.status)
    if reply.retry_after is not None:
        response["Retry-After"] = str(reply.retry_after)
    return response


def _refuse_unproven(source: Source) -> HttpResponse:
    """Without detail: whoever sent this may be trying."""
    is_token = source.scheme == Source.Scheme.BEARER
    more = {"WWW-Authenticate": "Bearer"} if is_token else {}
    return _refuse(401, "bad_signature", "The signature is not valid.", **more)


def _headers(request: HttpRequest) -> list[tuple[str, str]]:
    """As they came: Django joins repeated headers, and one that comes twice is odd."""
    if isinstance(request, ASGIRequest):
        raw = request.scope["headers"]
        return [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in raw
        ]
    return list(request.headers.items())


def _read(request: HttpRequest, limit: int) -> bytes:
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


def _refuse(status: int, code: str, message: str, **headers: str) -> HttpResponse:
    refusal = Refusal(status, code, message)
    response = JsonResponse(refusal.content, status=status)
    for name, value in headers.items():
        response[name] = value
    return response
