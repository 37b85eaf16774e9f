"""What is done from the queue with one request: the next is opened, one is put off."""

from threading import Event
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from review_app.queue.tabs import READY
from review_app.queue_list import QueueList
from review_app.queue_page import snoozing
from review_app.reader_zone import zone_of
from workflows_app import access
from workflows_app.demo.loader import start_sample_runs
from workflows_app.demo.sources import load_sources
from workflows_app.models import InputRequest
from workflows_app.runtime.claims import claim_next
from workflows_app.shown.visible import visible

from .account import signed_in
from .decision import SeeOther, get_asked
from .queue import address_of_list, reader

NOW = Event()
NOW.set()
"""So that nobody waits at a page for a worker to come."""


@require_POST
@signed_in
def review_next(request: HttpRequest) -> HttpResponse:
    """Claim the first request of the list that nobody holds, and open it."""
    view, user = QueueList.read(request.GET).of(READY), reader(request)
    asked = claim_next(user, view.waiting(user))
    if asked is None:
        messages.info(request, "Nothing left: nothing here waits for you unclaimed.")
        return SeeOther(address_of_list(view))
    return SeeOther(_address(asked, view))


@require_POST
@signed_in
def snooze(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put one request off, and go on to the next."""
    asked, user = get_asked(request, pk), reader(request)
    view, until = QueueList.read(request.GET), request.POST.get("until", "")
    following = view.find_next(user, asked)
    over = snoozing.find_moment(until, zone_of(request))
    if over and snoozing.snooze(user, [pk], over):
        messages.success(request, f"Snoozed: {visible(asked.subject)}")
    return SeeOther(_address(following, view) if following else address_of_list(view))


@require_POST
@signed_in
def load_demo(request: HttpRequest) -> HttpResponse:
    """Begin the sample runs, where people try Holdpoint out."""
    if settings.PROFILE != "demo" or not access.may_start(request.user):
        raise Http404("There is no demo here.")
    load_sources()
    count = start_sample_runs(NOW)
    said = (
        "They ask in a moment." if count else "No worker offers the sample workflows."
    )
    messages.info(request, said)
    return SeeOther(reverse("review:queue"))


def _address(asked: InputRequest, view: QueueList) -> str:
    return f"{reverse('review:decision', args=[asked.pk])}?{view.query}"
