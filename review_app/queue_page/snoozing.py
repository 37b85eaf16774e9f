"""Snoozing: a request comes back later, for this person and for nobody else."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from review_app.models import Snooze
from workflows_app import access
from workflows_app.runtime import claims
from workflows_app.stream.wakeup import QUEUE, notifier

HOUR, TOMORROW, MONDAY = "hour", "tomorrow", "monday"
MORNING = time(9)
UNTIL = (HOUR, TOMORROW, MONDAY)


def moment(until: str, now: datetime, zone: ZoneInfo) -> datetime:
    """When a snooze is over, by the clock of the person's wall."""
    if until == HOUR:
        return now + timedelta(hours=1)
    today = now.astimezone(zone).date()
    days = 1 if until == TOMORROW else 7 - today.weekday()
    return datetime.combine(today + timedelta(days=days), MORNING, zone)


def find_moment(until: str, zone: ZoneInfo) -> datetime | None:
    """When a snooze is over that begins now; None for what is no word of ours."""
    return moment(until, timezone.now(), zone) if until in UNTIL else None


def snooze(user: User, pks: Sequence[UUID], over: datetime) -> int:
    """Let open requests come back then, and let others have them; how many they were."""
    seen = access.visible_requests(user).filter(pk__in=pks, status="open")
    found = list(seen.order_by().values_list("pk", flat=True))
    with transaction.atomic():
        Snooze.objects.bulk_create(
            [Snooze(user=user, request_id=pk, until=over) for pk in found],
            update_conflicts=True,
            unique_fields=["user", "request"],
            update_fields=["until"],
        )
        for pk in found:
            claims.release(user, pk)
        _tell()
    return len(found)


def wake(user: User, pks: Sequence[UUID]) -> int:
    """Take requests back that were put off; how many they were."""
    with transaction.atomic():
        gone, _ = Snooze.objects.filter(user=user, request__in=pks).delete()
        _tell()
    return gone


def _tell() -> None:
    """The person's other pages look again."""
    transaction.on_commit(lambda: notifier.send([QUEUE]))
