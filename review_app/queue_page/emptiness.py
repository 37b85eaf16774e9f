"""Why the queue shows nothing, and what its reader can do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F

from review_app.queue.tabs import READY
from workflows_app import access
from workflows_app.models import InputRequest, InputResponse

from .page import QueuePage

MOST_NAMED = 3
MOST_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class DayOfWork:
    """How much somebody has decided today, and how long his requests took."""

    count: int
    median: timedelta | None


def describe(page: QueuePage, midnight: datetime) -> dict[str, Any]:
    """The context of the empty list; nothing for a list that is not empty."""
    user = page.user
    if page.rows:
        return {}
    if page.view.is_filtered:
        return {"empty": "filtered", "outside": page.outside}
    if not access.groups_of(user) and not access.is_operator(user):
        return {"empty": "no_group", "helpers": _helpers()}
    is_known = any(tab.count for tab in page.tabs) or InputRequest.objects.exists()
    if not is_known:
        return {"empty": "first_run", "has_demo": settings.PROFILE == "demo"}
    if page.view.tab == READY:
        return {"empty": "all_clear", "today": _today(user, midnight)}
    return {"empty": page.view.tab}


def _today(user: User, midnight: datetime) -> DayOfWork:
    votes = InputResponse.objects.filter(user=user, withdrawn_at=None, at__gte=midnight)
    took = list(
        votes.order_by("-at").values_list(F("at") - F("request__opened_at"), flat=True)[
            :MOST_LOOKED_AT
        ]
    )
    return DayOfWork(len(took), median(took) if took else None)


def _helpers() -> list[str]:
    """Who can put somebody into a group."""
    admins = User.objects.filter(is_active=True, is_superuser=True)
    return [
        person.get_full_name() or person.get_username()
        for person in admins.order_by("username")[:MOST_NAMED]
    ]
