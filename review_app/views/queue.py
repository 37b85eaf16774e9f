"""The review queue: what waits for whom, and what has changed since it was drawn."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.http import require_safe

from review_app.queue_list import QueueList
from review_app.queue_page import emptiness, word
from review_app.queue_page.choices import choices, sorts
from review_app.queue_page.export import export
from review_app.queue_page.page import PAGE_SIZE, News, QueuePage, as_uuids
from review_app.queue_page.rows import Row
from review_app.queue_page.saved import views_of
from review_app.reader_zone import zone_of

from .account import signed_in

QUIET = timedelta(seconds=10)
"""New requests are announced no more often than that."""

CHUNK = 200
"""Lines of an export that are sent together."""


@require_safe
@signed_in
def queue(request: HttpRequest) -> HttpResponse:
    """Show one page of the list that the address asks for."""
    view, user = QueueList.read(request.GET), reader(request)
    if "" in request.GET.values():  # what a form sends of its empty fields says nothing
        return redirect(address_of_list(view))
    page = QueuePage(view, user, request.GET.get("after", ""))
    told = word.take(request)
    context = {
        "view": view,
        "page": page,
        "rows": [row for row in page.rows if row.asked.pk not in told.problems],
        "not_done": _not_done(page, told),
        "said": told.said,
        "choices": choices(view, user),
        "sorts": sorts(),
        "saved": views_of(user),
        **emptiness.describe(page, _midnight(request)),
    }
    return render(request, "review/queue.html", context)


@require_safe
@signed_in
def queue_news(request: HttpRequest) -> HttpResponse:
    """Tell a page what is new and what has changed since it was drawn; move nothing."""
    view, user = QueueList.read(request.GET), reader(request)
    page, drawn = QueuePage(view, user), _drawn(request)
    since = _moment(request.GET.get("since", ""))
    news = page.news(since, list(drawn)) if since else News(0, [])
    rows = page.rows_of(list(drawn)) if drawn else []
    context = {
        "view": view,
        "page": page,
        "since": request.GET.get("since", ""),
        "news": news,
        "changed": [row for row in rows if row.mark != drawn[row.asked.pk]],
        "telling": Telling.of(request, news),
    }
    return render(request, "review/_queue_news.html", context)


@require_safe
@signed_in
def open_count(request: HttpRequest) -> HttpResponse:
    """The number beside `Queue` in the navigation; the frame counts."""
    return render(request, "review/_open_count.html")


@require_safe
@signed_in
def export_rows(request: HttpRequest) -> HttpResponse:
    """Hand the list out as CSV, with all its filters."""
    lines = export(QueueList.read(request.GET), reader(request))
    sent = StreamingHttpResponse(
        _in_parts(lines), content_type="text/csv; charset=utf-8"
    )
    sent.headers["Content-Disposition"] = 'attachment; filename="queue.csv"'
    return sent  # type: ignore[return-value]  # a response like any other


def reader(request: HttpRequest) -> User:
    """Who looks at the page; `signed_in` let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def address_of_list(view: QueueList) -> str:
    return f"{reverse('review:queue')}?{view.query}"


@dataclass(frozen=True, slots=True)
class Telling:
    """Whether new requests are announced now, and of how many the reader knows."""

    is_due: bool
    told: int
    told_at: str

    @classmethod
    def of(cls, request: HttpRequest, news: News) -> "Telling":
        """Not again within ten seconds: then the page asks again after them."""
        known, at = request.GET.get("told", ""), request.GET.get("told_at", "")
        told = int(known) if known.isdecimal() else 0
        last, now = _moment(at), timezone.now()
        if news.count <= told or (last and now - last < QUIET):
            return cls(is_due=False, told=told, told_at=at)
        return cls(is_due=True, told=news.count, told_at=now.isoformat())


def _not_done(page: QueuePage, told: word.Word) -> list[tuple[Row, str]]:
    """What the reader wanted to do and could not: it stays before him, with the reason."""
    if not told.problems:
        return []
    rows = page.rows_of(list(told.problems))
    return [(row, told.problems[row.asked.pk]) for row in rows]


def _drawn(request: HttpRequest) -> dict[UUID, str]:
    """The rows that a page shows, each with a mark of what it says."""
    sent = request.GET.getlist("drawn")[: 2 * PAGE_SIZE]
    marks = dict(each.partition(":")[::2] for each in sent)
    return {pk: marks.get(str(pk), "") for pk in as_uuids(list(marks))}


def _midnight(request: HttpRequest) -> datetime:
    """When today began where the reader is."""
    here = timezone.now().astimezone(zone_of(request))
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


def _moment(text: str) -> datetime | None:
    """A time as we wrote it into the page; None for anything else."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and is_aware(moment) else None


async def _in_parts(lines: Iterator[str]) -> AsyncIterator[str]:
    """Read from the database beside the loop, some lines at a time."""
    read = sync_to_async(lambda: "".join(islice(lines, CHUNK)))
    while part := await read():
        yield part
