"""Making links with which guests answer, and taking them back."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from review_app.queue_list import QueueList
from workflows_app.models import AnswerLink, InputRequest
from workflows_app.runtime import answer_links
from workflows_app.runtime.answer_links import Guest, IssuedLink
from workflows_app.shown.visible import visible

from .account import signed_in
from .decision import SeeOther, address_of, get_asked
from .queue import reader
from .together import attempt, draw


@require_POST
@signed_in
def make_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a link for a guest. Its address is in this answer, and nowhere else ever."""
    asked, user = get_asked(request, pk), reader(request)
    guest = Guest(
        person=request.POST.get("person", ""),
        needs_sign_in="needs_sign_in" in request.POST,
    )
    issued: list[IssuedLink] = []
    problem, status = attempt(
        lambda: issued.append(answer_links.issue(asked.pk, guest, by=user))
    )
    made = issued[0] if issued else None
    if request.headers.get("HX-Request"):
        more = {"link_problem": problem, "link_person": guest.person if problem else ""}
        return draw(request, asked, "links", status, issued=made, acted=True, **more)
    if made is None:
        messages.error(request, visible(problem))
        return SeeOther(address_of(request, asked))
    context = {"asked": asked, "issued": made, "view": QueueList.read(request.GET)}
    return render(request, "review/link_made.html", context)


@require_POST
@signed_in
def revoke_link(request: HttpRequest, pk: UUID, link_pk: int) -> HttpResponse:
    """Let nobody answer with a link any more."""
    asked = get_asked(request, pk)
    if answer_links.find_objection_to_issue(reader(request), asked) is not None:
        raise Http404("There is no such link for you.")
    answer_links.revoke(_get_link(asked, link_pk))
    if request.headers.get("HX-Request"):
        return draw(request, asked, "links", acted=True)
    messages.success(request, "The link is revoked.")
    return SeeOther(address_of(request, asked))


def _get_link(asked: InputRequest, pk: int) -> AnswerLink:
    link = AnswerLink.objects.filter(request=asked, pk=pk).first()
    if link is None:
        raise Http404("There is no such link for you.")
    return link
