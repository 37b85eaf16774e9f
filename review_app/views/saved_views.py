"""Saved views of the queue: making, changing and deleting one's own."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from review_app.models import SavedView
from review_app.queue_list import QueueList
from review_app.queue_page.saved import (
    MOST_SHOWN,
    ViewForm,
    count_views,
    list_of,
    views_of,
)
from workflows_app.shown.visible import visible

from .account import signed_in
from .decision import SeeOther
from .queue import address_of_list, reader


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def views(request: HttpRequest) -> HttpResponse:
    """Show the person's views; keep the list of the address as another one by POST."""
    view, user = QueueList.read(request.GET), reader(request)
    new = SavedView(owner=user, query=view.query)
    form = ViewForm(request.POST if request.method == "POST" else None, new)
    if request.method == "POST" and form.is_valid():
        kept = form.save()
        messages.success(request, f"Saved as “{visible(kept.name)}”.")
        return SeeOther(address_of_list(view))
    return _page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one's own view another name, group or bell."""
    kept = _own(request, pk)
    form = ViewForm(request.POST if request.method == "POST" else None, kept)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Changed.")
        return SeeOther(reverse("review:views"))
    status = 422 if form.is_bound else 200
    context = {"form": form, "kept": kept, "shown": list_of(kept)}
    return render(request, "review/queue_view.html", context, status=status)


@require_POST
@signed_in
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one's own view; with whom it was shared loses it too."""
    kept = _own(request, pk)
    kept.delete()
    messages.success(request, f"Deleted: {visible(kept.name)}")
    return SeeOther(reverse("review:views"))


@require_safe
@signed_in
def counts(request: HttpRequest) -> HttpResponse:
    """How much each of the first views shows now, for the page of the queue."""
    user = reader(request)
    counted = count_views(user, views_of(user)[:MOST_SHOWN])
    known = request.GET
    context = {
        "view": QueueList.read(request.GET),
        "counted": counted,
        "grown": [
            each
            for each in counted
            if each.saved.owner == user
            and each.has_grown(known.get(f"count-{each.saved.pk}", ""))
        ],
    }
    return render(request, "review/_queue_saved.html", context)


def _page(request: HttpRequest, form: ViewForm) -> HttpResponse:
    found = views_of(reader(request))
    context = {
        "view": QueueList.read(request.GET),
        "form": form,
        "views": [(kept, list_of(kept)) for kept in found],
    }
    status = 422 if form.is_bound else 200
    return render(request, "review/queue_views.html", context, status=status)


def _own(request: HttpRequest, pk: int) -> SavedView:
    """What others have saved is theirs, also when they share it."""
    kept = SavedView.objects.filter(owner=reader(request), pk=pk).first()
    if kept is None:
        raise Http404("You have no such view.")
    return kept
