"""What waits for people now. Each number is the count of the list it leads to."""

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from review_app.queue.counting import count_each
from review_app.queue.filters import UNCLAIMED
from review_app.queue.order import OLDEST
from review_app.queue.tabs import ALL
from review_app.queue_list import QueueList
from workflows_app.models import InputRequest
from workflows_app.shown.visible import visible

from .number import Number

LONGEST_SUBJECT = 60
LISTS: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("waiting", "waiting", {}, ""),
    ("late", "late", {"due": "late"}, "danger"),
    ("unclaimed", "unclaimed", {"owner": UNCLAIMED}, ""),
    ("snoozed", "snoozed", {"snoozed": "anybody"}, ""),
)


def asked_numbers(user: User) -> list[Number]:
    """Open requests: all, those that are late or unclaimed, and the oldest of them."""
    views = [QueueList(tab=ALL, filters=filters) for _, _, filters, _ in LISTS]
    counts = count_each([view.requests(user) for view in views])
    waiting, late, *others = (
        Number.of(key, label, count, _address(view), tone)
        for (key, label, _, tone), view, count in zip(LISTS, views, counts, strict=True)
    )
    return [waiting, late, *_oldest(), *others]


def _oldest() -> Iterator[Number]:
    """The request that waits longest, if any does."""
    waiting = InputRequest.objects.filter(status=InputRequest.Status.OPEN)
    first = waiting.order_by("opened_at", "id").defer("shown", "policy").first()
    if first is not None:
        yield Number(
            "oldest",
            "oldest",
            timezone.now() - first.opened_at,
            f"{reverse('review:decision', args=[first.pk])}?{_oldest_first().query}",
            aside=visible(first.subject)[:LONGEST_SUBJECT],
        )


def _oldest_first() -> QueueList:
    return QueueList(tab=ALL, sort=OLDEST)


def _address(view: QueueList) -> str:
    return f"{reverse('review:queue')}?{view.query}"
