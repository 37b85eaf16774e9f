"""The operators' dashboard, its figures, and the lists of what they count."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from review_app.dashboard.decisions import WHAT, DecisionList
from review_app.dashboard.page import CSV, DAYS, Dashboard
from review_app.dashboard.rows import export, read_page
from review_app.dashboard.table import COMPARE
from review_app.reader_zone import zone_of
from workflows_app import access
from workflows_app.models import Message
from workflows_app.notify.outbox import MOST_RESENT, resend

from .account import signed_in
from .queue import reader

View = Callable[..., HttpResponse]


def for_operators(view: View) -> View:
    """For everybody else there is no dashboard."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not access.may_see_dashboard(request.user):
            raise Http404("There is no such page for you.")
        return view(request, *args, **kwargs)

    return signed_in(checked)


@require_safe
@for_operators
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show how things are, and how they went in the last days."""
    context = {"dashboard": _dashboard(request), "days": DAYS}
    return render(request, "review/dashboard.html", context)


@require_safe
@for_operators
def dashboard_now(request: HttpRequest) -> HttpResponse:
    """Tell a page that is open how things are now."""
    board = _dashboard(request).board
    return render(request, "review/_dash_now.html", {"board": board})


@require_safe
@for_operators
def figures(request: HttpRequest, name: str) -> HttpResponse:
    """Hand a chart or a table out as CSV."""
    if name not in CSV:
        raise Http404("There are no such figures.")
    return _csv(_dashboard(request).csv(name), name)


@require_safe
@for_operators
def decisions(request: HttpRequest) -> HttpResponse:
    """List the decisions that a number of the dashboard counts."""
    view = _list(request)
    page = read_page(view, zone_of(request), request.GET.get("after", ""))
    context = {"view": view, "page": page, "ways": [view.of(what) for what in WHAT]}
    return render(request, "review/decisions.html", context)


@require_safe
@for_operators
def export_decisions(request: HttpRequest) -> HttpResponse:
    """Hand the list out as CSV, with all its filters."""
    return _csv("".join(export(_list(request), zone_of(request))), "decisions")


@require_POST
@for_operators
def send_again(request: HttpRequest) -> HttpResponse:
    """Send the messages again that could not be delivered."""
    failed = Message.objects.filter(status=Message.Status.FAILED)
    chosen = list(
        failed.order_by("created_at").values_list("pk", flat=True)[:MOST_RESENT]
    )
    messages.success(
        request, f"{resend(chosen)} will be sent again, under the same ids."
    )
    return redirect("review:dashboard")


def _dashboard(request: HttpRequest) -> Dashboard:
    by = request.GET.get("by", "")
    return Dashboard(reader(request), zone_of(request), by)


def _list(request: HttpRequest) -> DecisionList:
    """What the address asks for; whose decisions, only for who may compare people."""
    view = DecisionList.read(request.GET)
    return view if reader(request).has_perm(COMPARE) else view.without_reviewer


def _csv(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
