"""What everybody is told when a page fails, or while the database is away."""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader

log = logging.getLogger(__name__)

RETRY_AFTER = 5
MESSAGES = {
    500: "Something went wrong here; it is not your fault.",
    503: "The database cannot be reached at the moment. Please try again.",
}
CODES = {500: "internal_error", 503: "database_unavailable"}
PROGRAMS = ("/hooks/", "/api/")


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it is our fault, or when to try again: JSON for programs, else a page.

    Nothing is looked up for it, not even who reads it: that is in the database.
    """
    error = sys.exc_info()[1]
    is_away = isinstance(error, OperationalError | InterfaceError)
    status = 503 if is_away else 500
    response = _answer(request, status)
    if is_away:
        log.error("Lost the database at %s: %s", request.path, error)
        response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if request.path.startswith(PROGRAMS):
        error = {"code": CODES[status], "message": MESSAGES[status]}
        return JsonResponse({"error": error}, status=status)
    page = loader.get_template(f"{status}.html").render()
    return HttpResponse(page, status=status)
