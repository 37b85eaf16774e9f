"""What everybody is told while the database is away, full or overloaded."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

log = logging.getLogger(__name__)

RETRY_AFTER = 5
MESSAGE = "The database cannot be reached at the moment. Please try again."
PROGRAMS = ("/hooks/", "/api/")


class OutageMiddleware(MiddlewareMixin):
    """Answers 503, to be tried again, where a view has lost the database."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        log.error("Lost the database at %s: %s", request.path, exception)
        return unavailable(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    """JSON for programs, a page for people."""
    response: HttpResponse
    if request.path.startswith(PROGRAMS):
        error = {"code": "database_unavailable", "message": MESSAGE}
        response = JsonResponse({"error": error})
    else:
        response = HttpResponse(_page())
    response.status_code = 503
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def _page() -> str:
    """Drawn without the request: who is signed in is in the database."""
    try:
        return render_to_string("review/503.html", {"message": MESSAGE})
    except TemplateDoesNotExist:
        return MESSAGE
