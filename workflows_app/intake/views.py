"""The door for webhooks: POST /hooks/<source>/."""

import logging
import math

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from workflows_app.models import Source

from .message import body_limit
from .reading import BodyTooLargeError, headers_of, read_body
from .replies import refuse
from .signatures import BadSignatureError
from .sources import Reply, TooManyError, find_source, receive

log = logging.getLogger(__name__)


@csrf_exempt
def hook(request: HttpRequest, name: str) -> HttpResponse:
    """Take in one message of a source; the same again gets the same answer."""
    if request.method != "POST":
        return refuse(405, "method_not_allowed", "Webhooks are posted.", Allow="POST")
    source = find_source(name)
    if source is None:
        return refuse(404, "not_found", "There is no such source.")
    try:
        reply = receive(
            source, headers_of(request), read_body(request, body_limit(source))
        )
    except BodyTooLargeError as error:
        return refuse(413, "too_large", f"The body is larger than {error} bytes.")
    except BadSignatureError as error:
        log.warning("Refused a message for source %s: %s", source.name, error)
        return _refuse_unproven(source)
    except TooManyError as error:
        wait = str(math.ceil(error.seconds))
        return refuse(429, "too_many", str(error), **{"Retry-After": wait})
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
    return refuse(401, "bad_signature", "The signature is not valid.", **more)
