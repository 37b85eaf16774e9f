"""The review queue: what waits for whom, and what has changed since it was drawn."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.http import require_safe

from review_app.queue.tabs import READY
from review_app.queue_list import Page, QueueList, as_uuids, closed_meanwhile
from workflows_app import access

from .account import signed_in


@require_safe
@signed_in
def queue(request: HttpRequest) -> HttpResponse:
    """Show one page of the list that the address asks for."""
    user = reader(request)
    view = QueueList.read(request.GET)
    tabs = view.tabs(user)
    count = next(tab.count for tab in tabs if tab.is_current)
    page = view.page(user, count, request.GET.get("after", ""))
    context = {
        "view": view,
        "page": page,
        "tabs": tabs,
        **_reason_for_emptiness(user, view, page),
    }
    return render(request, "review/queue.html", context)


@require_safe
@signed_in
def queue_news(request: HttpRequest) -> HttpResponse:
    """Tell a page what is new and what was closed since it was drawn; move nothing."""
    user = reader(request)
    view = QueueList.read(request.GET)
    drawn = as_uuids(request.GET.getlist("drawn"))
    since = _moment(request.GET.get("since", ""))
    context = {
        "view": view,
        "since": request.GET.get("since", ""),
        "tabs": view.tabs(user),
        "news": view.news(user, since, drawn) if since else None,
        "told": request.GET.get("told", ""),
        "closed": closed_meanwhile(user, drawn),
    }
    return render(request, "review/_queue_news.html", context)


@require_safe
@signed_in
def open_count(request: HttpRequest) -> HttpResponse:
    """The number beside `Queue` in the navigation; the frame counts."""
    return render(request, "review/_open_count.html")


def reader(request: HttpRequest) -> User:
    """Who looks at the page; `signed_in` let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _reason_for_emptiness(user: User, view: QueueList, page: Page) -> dict[str, Any]:
    """Why nothing is shown, and what its reader can do about it."""
    if page.rows:
        return {}
    if view.is_filtered:
        return {"empty": "filtered", "outside": view.without_filters.count(user)}
    if not access.groups_of(user) and not access.is_operator(user):
        return {"empty": "no_group"}
    if not access.visible_requests(user).exists():
        return {"empty": "first_run"}
    return {"empty": "all_clear" if view.tab == READY else "nothing"}


def _moment(text: str) -> datetime | None:
    """A time as we wrote it into the page; None for anything else."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and is_aware(moment) else None
