"""What is kept for a time only, and goes by itself when that is over."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from workflows_app.models import Delivery

from .database import AWAY

log = logging.getLogger(__name__)

BATCH = 500
"""Rows that go in one transaction: each has a body, which may be large."""

MOST_BATCHES = 100
"""So many at one look; what is left goes at the next."""


def tidy() -> None:
    """Drop the deliveries that are older than they are kept."""
    try:
        dropped = _drop_old_deliveries()
    except AWAY as error:
        log.warning("Nothing is tidied while the database is away: %s", error)
        return
    if dropped:
        log.info("Dropped %d old deliveries", dropped)


def _drop_old_deliveries() -> int:
    dropped = 0
    for _ in range(MOST_BATCHES):
        found = _drop_batch(timedelta(days=settings.DELIVERIES_KEPT))
        dropped += found
        if found < BATCH:
            break
    return dropped


@transaction.atomic
def _drop_batch(age: timedelta) -> int:
    """The oldest; those that another worker is dropping are left to it."""
    old = Delivery.objects.filter(received_at__lt=Now() - age)
    free = old.order_by("received_at", "id").select_for_update(
        of=("self",), skip_locked=True
    )
    ids = list(free.values_list("pk", flat=True)[:BATCH])
    return Delivery.objects.filter(pk__in=ids).delete()[0]
