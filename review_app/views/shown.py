"""One part of what a request shows, whole: as plain text, which no browser runs."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from review_app.given_answer import answer_of
from review_app.json_text import json_text
from review_app.part import find_at
from workflows_app.models import InputRequest
from workflows_app.shown.visible import visible

from .account import signed_in
from .decision import get_asked


@require_safe
@signed_in
def shown(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the part that `at` points at, as long as it is."""
    return whole_part(get_asked(request, pk), request.GET.get("at", ""))


def whole_part(asked: InputRequest, at: str) -> HttpResponse:
    """The part at a place, for whoever may see the request."""
    try:
        part = find_at(_all_of(asked), at)
    except LookupError:
        raise Http404("The request shows nothing there.") from None
    text = visible(part) if isinstance(part, str) else json_text(part)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _all_of(asked: InputRequest) -> dict[str, Any]:
    """What the request shows, and the answer that decided it, if one has."""
    response = asked.decision
    given = answer_of(asked.content, response.value) if response else []
    return {**asked.content, "answer": given}
