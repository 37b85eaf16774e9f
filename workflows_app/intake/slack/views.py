"""The door for Slack: POST /slack/interactive/ and /slack/events/.

Slack shows a warning when nothing comes back within three seconds, and shows a person what
does: so the reply to what is proven is quick and empty.
"""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from workflows_app.engine.strict_json import StrictJsonError
from workflows_app.intake.clock import database_time
from workflows_app.intake.payloads import BadFormError, read_content
from workflows_app.intake.reading import BodyTooLargeError, headers_of, read_body
from workflows_app.intake.replies import refuse
from workflows_app.intake.signatures import (
    BadSignatureError,
    Headers,
    check_slack,
    pairs_of,
)
from workflows_app.models import SlackWorkspace

from .pressing import take_press

log = logging.getLogger(__name__)


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Take what Slack sends; all but presses of our buttons is only acknowledged."""
    if request.method != "POST":
        return refuse(405, "method_not_allowed", "Slack posts.", Allow="POST")
    try:
        body = read_body(request, settings.INTAKE_LIMIT)
        senders = _prove(headers_of(request), body)
        content = read_content("slack", body, settings.INTAKE_LIMIT)
    except BodyTooLargeError as error:
        return refuse(413, "too_large", f"The body is larger than {error} bytes.")
    except BadSignatureError as error:
        log.warning("Refused what claims to be from Slack: %s", error)
        return refuse(401, "bad_signature", "The signature is not valid.")
    except (StrictJsonError, BadFormError) as error:
        return refuse(400, "bad_payload", str(error))
    if content.challenge is not None:
        return JsonResponse({"challenge": content.challenge})
    if content.is_form and content.event == "block_actions":
        take_press(senders, content.payload, body)
    return HttpResponse(status=200)


def _prove(headers: Headers, body: bytes) -> list[SlackWorkspace]:
    """The workspaces it may come from: an app has one secret wherever it is installed.

    Raises BadSignatureError when it comes from none, or not just now.
    """
    now, pairs = database_time(), pairs_of(headers)
    workspaces = list(SlackWorkspace.objects.filter(is_active=True).order_by("pk"))
    secrets = [each.signing_secret for each in workspaces]
    check_slack(pairs, body, secrets, now)
    return [each for each in workspaces if _signed(each, pairs, body, now)]


def _signed(workspace: SlackWorkspace, pairs: Headers, body: bytes, now: int) -> bool:
    try:
        check_slack(pairs, body, [workspace.signing_secret], now)
    except BadSignatureError:
        return False
    return True
