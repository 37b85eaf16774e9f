"""Taking back what one has just decided."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from review_app.queue_list import QueueList
from review_app.undo import take_back
from workflows_app.models import InputRequest
from workflows_app.shown.visible import visible

from .account import signed_in
from .decision import Arrival, SeeOther, get_asked, move_to, show
from .queue import reader

LATE = "Too late: it already counts."


@require_POST
@signed_in
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a decision back, or the whole batch that it was a part of."""
    asked = get_asked(request, pk)
    batch = request.POST.get("batch", "").replace("\0", "")
    taken = take_back(reader(request), asked, batch=batch)
    if not taken:
        return _refuse(request, asked)
    if batch:
        many = "" if len(taken) == 1 else "s"
        messages.success(request, f"Taken back: {len(taken)} decision{many}.")
        query = QueueList.read(request.GET).query
        return SeeOther(f"{reverse('review:queue')}?{query}")
    asked = get_asked(request, pk)
    return move_to(request, asked, Arrival(f"Taken back: {visible(asked.subject)}"))


def _refuse(request: HttpRequest, asked: InputRequest) -> HttpResponse:
    """Say so, and leave alone what the person is at by now."""
    if not request.headers.get("HX-Request"):
        messages.error(request, LATE)
        response = show(request, asked)
        response.status_code = 409
        return response
    context = {"late": asked, "message": LATE}
    response = render(request, "review/_toasts.html", context, status=409)
    response["HX-Retarget"] = "#toasts"
    response["HX-Reselect"] = "#toast-list"
    response["HX-Reswap"] = "innerHTML"
    return response
