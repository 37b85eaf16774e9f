"""The door for webhooks: POST /hooks/<source>/."""

import logging

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from workflows_app.engine.errors import ValidationError
from workflows_app.engine.strict_json import StrictJsonError

from .signatures import BadSignatureError
from .sources import WorkflowUnavailableError, find_source, receive

log = logging.getLogger(__name__)

RETRY_AFTER = "30"


class BodyTooLargeError(Exception):
    """The body is larger than what is taken in here."""


@csrf_exempt
def hook(request: HttpRequest, name: str) -> JsonResponse:
    """Take in one message of a source; the same again gets the same answer."""
    if request.method != "POST":
        response = _refuse(405, "method_not_allowed", "Webhooks are posted.")
        response["Allow"] = "POST"
        return response
    source = find_source(name)
    if source is None:
        return _refuse(404, "not_found", "There is no such source.")
    try:
        receipt = receive(source, _headers(request), _read(request))
    except BadSignatureError as error:
        log.warning("Refused a message for source %s: %s", source.name, error)
        return _refuse(401, "bad_signature", "The signature is not valid.")
    except (BodyTooLargeError, StrictJsonError, ValidationError) as error:
        return _refuse_body(error)
    except WorkflowUnavailableError:
        return _ask_to_retry()
    answer = {"run_id": str(receipt.run_id), "delivery_id": receipt.delivery_id}
    return JsonResponse(answer, status=202 if receipt.is_new else 200)


def _headers(request: HttpRequest) -> list[tuple[str, str]]:
    """As they came: Django joins repeated headers, and one that comes twice is odd."""
    if isinstance(request, ASGIRequest):
        raw = request.scope["headers"]
        return [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in raw
        ]
    return list(request.headers.items())


def _read(request: HttpRequest) -> bytes:
    """The body byte for byte; a larger one than allowed is not read to its end."""
    limit: int = settings.INTAKE_LIMIT
    if _declared_length(request) > limit:
        raise BodyTooLargeError
    body = request.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLargeError
    return body


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0  # the server counts what comes


def _refuse_body(error: Exception) -> JsonResponse:
    if isinstance(error, BodyTooLargeError):
        limit = settings.INTAKE_LIMIT
        return _refuse(413, "too_large", f"The body is larger than {limit} bytes.")
    code = "bad_json" if isinstance(error, StrictJsonError) else "invalid_input"
    return _refuse(400, code, str(error))


def _ask_to_retry() -> JsonResponse:
    message = "No worker has offered the workflow of this source yet."
    response = _refuse(503, "workflow_unavailable", message)
    response["Retry-After"] = RETRY_AFTER
    return response


def _refuse(status: int, code: str, message: str) -> JsonResponse:
    error = {"code": code, "message": message}
    return JsonResponse({"error": error}, status=status)
