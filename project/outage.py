"""What everybody is told when a page fails or is not there, or the database is away."""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views import defaults

log = logging.getLogger(__name__)

RETRY_AFTER = 5
MESSAGES = {
    400: "This request cannot be read.",
    404: "There is nothing at this address.",
    500: "Something went wrong here; it is not your fault.",
    503: "The database cannot be reached at the moment. Please try again.",
}
CODES = {
    400: "bad_request",
    404: "not_found",
    500: "internal_error",
    503: "database_unavailable",
}
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


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say so: JSON for programs, else a page."""
    if _is_of_program(request):
        return _tell_program(404)
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same for what Django itself refuses to read."""
    if _is_of_program(request):
        return _tell_program(400)
    return defaults.bad_request(request, exception)


def _is_of_program(request: HttpRequest) -> bool:
    return request.path.startswith(PROGRAMS)


def _tell_program(status: int) -> JsonResponse:
    error = {"code": CODES[status], "message": MESSAGES[status]}
    return JsonResponse({"error": error}, status=status)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if _is_of_program(request):
        return _tell_program(status)
    page = loader.get_template(f"{status}.html").render()
    return HttpResponse(page, status=status)
