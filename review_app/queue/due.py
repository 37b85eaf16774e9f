"""How pressing a request is, of one that is at hand and of many in the database."""

from datetime import datetime, timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Now
from django.db.models.lookups import GreaterThanOrEqual

from workflows_app.models import InputRequest

SOON = timedelta(hours=1)
SOON_SHARE = 0.25
"""A request is due soon in the last hour, and in the last quarter of its time."""

DAY = timedelta(days=1)
LAST_QUARTER = ExpressionWrapper(
    F("expires_at") - (F("expires_at") - F("opened_at")) * SOON_SHARE, DateTimeField()
)


def due_state(asked: InputRequest, now: datetime) -> str:
    """What to say of its deadline: "none", "ok", "soon" or "late"."""
    if asked.expires_at is None:
        return "none"
    left = asked.expires_at - now
    if left <= timedelta():
        return "late"
    whole = asked.expires_at - asked.opened_at
    return "soon" if left <= SOON or left <= whole * SOON_SHARE else "ok"


def due_condition(state: str) -> Q:
    """Which requests are late, soon due, due today, or not at all."""
    match state:
        case "late":
            return Q(expires_at__lte=Now())
        case "none":
            return Q(expires_at=None)
        case "today":
            return Q(expires_at__gt=Now(), expires_at__lte=Now() + DAY)
        case _:
            is_near = Q(expires_at__lte=Now() + SOON)
            is_near |= Q(GreaterThanOrEqual(Now(), LAST_QUARTER))
            return Q(expires_at__gt=Now()) & is_near
