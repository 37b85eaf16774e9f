"""The demo's own receiver: proves that what leaves the house is signed and arrives."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from workflows_app.intake.signatures import BadSignatureError, check_standard
from workflows_app.models import Receiver

from .sources import RECEIVER


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take a callback if it is signed with the receiver's secret."""
    known = Receiver.objects.filter(name=RECEIVER).values_list("secret", flat=True)
    now = int(timezone.now().timestamp())
    try:
        check_standard(request.headers, request.body, list(known), now)
    except BadSignatureError:
        return HttpResponse(status=401)
    return HttpResponse(status=204)
