"""What came in today and was refused, and what could not be sent."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.urls import reverse

from workflows_app.access import MOST_COUNTED
from workflows_app.models import Delivery, Message

from .figures import MOST_TODAY
from .number import Number


def delivery_numbers(user: User, midnight: datetime) -> list[Number]:
    """Their lists are in the admin site, for those who may come in there."""
    came = Delivery.objects.filter(received_at__gte=midnight)
    newest = came.order_by("-received_at", "-id")[: MOST_TODAY + 1]
    refused = Q(result=Delivery.Result.REFUSED)
    found = newest.aggregate(all=Count("pk"), refused=Count("pk", filter=refused))
    today = {"received_at__gte": midnight.isoformat()}
    wrong = {**today, "result__exact": Delivery.Result.REFUSED}
    pending, failed = Message.Status.PENDING, Message.Status.FAILED
    numbers = (
        ("came-in", "came in today", found["all"], ("delivery", today), ""),
        ("refused", "refused today", found["refused"], ("delivery", wrong), "warn"),
        ("to-send", "to be sent", _count(pending), _messages(pending), ""),
        ("failed", "could not be sent", _count(failed), _messages(failed), "danger"),
    )
    return [
        Number.of(key, label, count, _address(user, *listed), tone)
        for key, label, count, listed, tone in numbers
    ]


def _count(status: str) -> int:
    messages = Message.objects.filter(status=status).order_by()
    return messages[: MOST_COUNTED + 1].count()


def _messages(status: str) -> tuple[str, dict[str, str]]:
    return "message", {"status__exact": status}


def _address(user: User, model: str, query: dict[str, str]) -> str:
    if not user.is_staff:
        return ""
    listed = reverse(f"admin:workflows_app_{model}_changelist")
    return f"{listed}?{urlencode(query)}"
