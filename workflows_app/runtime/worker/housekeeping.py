"""What is kept for a time only, and goes by itself when that is over."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Manager
from django.db.models.functions import Now

from workflows_app.models import Delivery, SlackPress

from .database import AWAY

log = logging.getLogger(__name__)

BATCH = 500
"""Rows that go in one transaction: a delivery has a body, which may be large."""

MOST_BATCHES = 100
"""So many at one look; what is left goes at the next."""


CAME_IN: tuple[tuple[Manager[Any], str], ...] = (
    (Delivery.objects, "received_at"),
    (SlackPress.objects, "pressed_at"),
)
"""What comes in from outside, and the moment from which its days are counted."""


def tidy() -> None:
    """Drop deliveries, and presses in Slack, that are older than they are kept."""
    for rows, moment in CAME_IN:
        try:
            dropped = _drop_old(rows, moment)
        except AWAY as error:
            log.warning("Nothing is tidied while the database is away: %s", error)
            return
        if dropped:
            log.info("Dropped %d old rows: %s", dropped, rows.model.__name__)


def _drop_old(rows: Manager[Any], moment: str) -> int:
    dropped = 0
    for _ in range(MOST_BATCHES):
        found = _drop_batch(rows, moment)
        dropped += found
        if found < BATCH:
            break
    return dropped


@transaction.atomic
def _drop_batch(rows: Manager[Any], moment: str) -> int:
    """The oldest; those that another worker is dropping are left to it."""
    age = timedelta(days=settings.DELIVERIES_KEPT)
    old = rows.filter(**{f"{moment}__lt": Now() - age}).order_by(moment, "pk")
    free = old.select_for_update(of=("self",), skip_locked=True)
    ids = list(free.values_list("pk", flat=True)[:BATCH])
    return rows.filter(pk__in=ids).delete()[0]
