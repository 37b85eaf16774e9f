"""Keeping what somebody types into an answer, while he types it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from review_app import drafts

from .account import signed_in
from .decision import SeeOther, address_of, get_asked
from .queue import reader


@require_POST
@signed_in
def draft(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep the form as it stands, and say when that was."""
    asked = get_asked(request, pk)
    saved = drafts.save(reader(request), asked, request.POST)
    if not request.headers.get("HX-Request"):
        if saved is not None:
            messages.success(request, "The draft is saved.")
        return SeeOther(address_of(request, asked))
    if saved is None:
        return HttpResponse(status=204)
    return render(request, "review/_draft_saved.html", {"saved_at": saved.saved_at})
