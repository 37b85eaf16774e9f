"""How many runs are at what, and how many ended badly lately."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from review_app.run_list import PAUSED, STUCK_AFTER, RunList
from workflows_app.access import MOST_COUNTED
from workflows_app.models import Run

from .number import Number

FAILED_FOR = timedelta(days=7)
"""How long ago runs may have begun whose failures are told."""

MOST_LOOKED_AT = 10_000
"""Unfinished runs that are looked at, the newest: counts of more are "at least"."""

LISTS = (
    ("running", "running", RunList(status="running"), ""),
    ("waiting", "waiting", RunList(status="waiting"), ""),
    ("paused", "paused", RunList(status=PAUSED), "warn"),
    ("stuck", "stuck for an hour", RunList(stuck="1"), "danger"),
)
BADLY = (("failed", "failed in 7 days"), ("timed_out", "timed out in 7 days"))


def run_numbers(user: User) -> list[Number]:
    """Unfinished ones by what they do, then those with an error."""
    return [*_unfinished(), *_ended_badly(user)]


def _unfinished() -> Iterator[Number]:
    is_stuck = Q(
        status=Run.Status.RUNNING, paused=False, changed_at__lt=Now() - STUCK_AFTER
    )
    unfinished = Run.objects.filter(finished_at=None).order_by("-created_at", "-id")
    conditions = {
        "running": Q(status=Run.Status.RUNNING),
        "waiting": Q(status=Run.Status.WAITING),
        "paused": Q(paused=True),
        "stuck": is_stuck,
    }
    counts = {f"of_{k}": Count("pk", filter=c) for k, c in conditions.items()}
    found = unfinished[: MOST_LOOKED_AT + 1].aggregate(all=Count("pk"), **counts)
    for key, label, view, tone in LISTS:
        count = found[f"of_{key}"]
        number = Number.of(f"runs-{key}", label, count, _address(view), tone)
        is_least = number.is_least or found["all"] > MOST_LOOKED_AT
        yield replace(number, is_least=is_least)


def _ended_badly(user: User) -> Iterator[Number]:
    since = (timezone.now() - FAILED_FOR).date().isoformat()
    for status, label in BADLY:
        view = RunList(status=status, since=since)
        count = view.runs(user).order_by()[: MOST_COUNTED + 1].count()
        yield Number.of(f"runs-{status}", label, count, _address(view), "danger")


def _address(view: RunList) -> str:
    return f"{reverse('review:runs')}?{view.query}"
