"""The runs: their list, and the page of one with all that it shows."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from review_app import fragments
from review_app.run.export import FORMS, export
from review_app.run.kept import note_look
from review_app.run.line_filter import Filter, read_number
from review_app.run.lines import SHOWN, Place, read_part
from review_app.run.page import TABS, TIMELINE, RunPage, read_words
from review_app.run_list import ME, PROGRAM, STATUSES, RunList
from workflows_app import access
from workflows_app.models import Run
from workflows_app.shown.redaction import masked
from workflows_app.stream import log

from .account import signed_in
from .queue import reader


@require_safe
@signed_in
def runs(request: HttpRequest) -> HttpResponse:
    """Show one page of the runs that the address asks for."""
    view = RunList.read(request.GET)
    context = {
        "view": view,
        "page": view.page(reader(request), request.GET.get("after", "")),
        "workflows": view.workflows(),
        "statuses": STATUSES,
        "starters": [ME, PROGRAM, *view.sources()],
    }
    return render(request, "review/runs.html", context)


@require_safe
@signed_in
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a run; to htmx only what may have changed at its head."""
    found = get_run(request, pk)
    if request.headers.get("HX-Request"):
        page = RunPage(found, reader(request))
        return render(request, "review/_run_head.html", page.head())
    return show(request, found)


@require_POST
@signed_in
def secrets(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a tab with its secrets, once; who has looked is written down first."""
    found = get_run_to_operate(request, pk)
    note_look(found, reader(request))
    response = show(request, found, shows_secrets=True)
    add_never_cache_headers(response)
    return response


@require_safe
@signed_in
def graph(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Draw the graph of a run as it stands now, for a page that shows an older one."""
    page = RunPage(get_run(request, pk), reader(request))
    return render(request, "review/_run_graph.html", page.graph())


@require_safe
@signed_in
def events(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Rows above a number for a page without a socket, or one line in full."""
    found = get_run(request, pk)
    if "line" in request.GET:
        return _event(request, found, read_number(request.GET, "line") or 0)
    after = read_number(request.GET, "after") or 0
    rows = list(fragments.draw_lines(pk, after=after, most=SHOWN))
    if not rows:
        return HttpResponse(status=204)
    status = fragments.draw_status(pk, found.last_number)
    return HttpResponse(mark_safe("".join([*rows, status])))  # noqa: S308 - templates'


@require_safe
@signed_in
def lines(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Fill a gap in the timeline, or add what is new to a filtered one."""
    found, asked = get_run(request, pk), Filter.read(request.GET)
    part = read_part(found, asked, Place.of_gap(request.GET))
    is_news = "news" in request.GET
    if is_news and not part.rows:
        return HttpResponse(status=204)
    context = {"run": found, "part": part, "asked_lines": asked, "is_news": is_news}
    return render(request, "review/_run_lines.html", context)


@require_safe
@signed_in
def take_lines(request: HttpRequest, pk: UUID, form: str) -> HttpResponse:
    """Hand the log out, as the filters of the address say."""
    found = get_run(request, pk)
    text = export(found, Filter.read(request.GET), form)
    response = HttpResponse(text, content_type=FORMS[form])
    name = f"{found.workflow}-{found.short_id}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _event(request: HttpRequest, found: Run, number: int) -> HttpResponse:
    line = next(iter(log.read(found.pk, after=number - 1, most=1)), None)
    if line is None or line.number != number:
        raise Http404("There is no such line.")
    content = masked(line.content)
    context = {"run": found, "line": line, "content": content, "next": number + 1}
    return render(request, "review/event.html", context)


def show(
    request: HttpRequest, found: Run, *, refusal: str = "", shows_secrets: bool = False
) -> HttpResponse:
    """The page of a run, at the place that the address asks for."""
    tab = request.GET.get("tab", TIMELINE)
    page = RunPage(
        run=found,
        user=reader(request),
        tab=tab if tab in TABS else TIMELINE,
        asked=Filter.read(request.GET),
        place=Place.of_page(request.GET),
        words=read_words(request.GET.get("q", "")),
        shows_secrets=shows_secrets,
    )
    context = {**page.context(), "refusal": refusal}
    status = 409 if refusal else 200
    return render(request, "review/run.html", context, status=status)


def get_run(request: HttpRequest, pk: UUID) -> Run:
    """The run, if there is one for this reader."""
    try:
        return access.get_run(request.user, pk)
    except Run.DoesNotExist:
        raise Http404("There is no such run for you.") from None


def get_run_to_operate(request: HttpRequest, pk: UUID) -> Run:
    """The run, if this reader may also pause it, end it or let it go on."""
    found = get_run(request, pk)
    if not access.may_operate(request.user, found):
        raise Http404("There is no such run for you.")
    return found
