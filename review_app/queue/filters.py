"""The filters of the queue, as the address names them."""

from datetime import timedelta
from typing import Any

import django_filters
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Now

from review_app.models import Snooze
from workflows_app.models.grams import SHORTEST, Grams

from .due import due_condition
from .tabs import Requests, live_claims

DUE = {
    "late": "Late",
    "soon": "Soon",
    "today": "Within 24 hours",
    "none": "Without a deadline",
}
CREATED = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last day", timedelta(days=1)),
    "week": ("Last week", timedelta(weeks=1)),
    "month": ("Last 30 days", timedelta(days=30)),
}
UNCLAIMED, ME = "unclaimed", "me"
SNOOZED = {"anybody": "Put off by somebody"}
LONGEST = 200


class QueueFilter(django_filters.FilterSet):
    """Narrows requests down. What an odd address names is as if it were not there."""

    q = django_filters.CharFilter(field_name="subject", lookup_expr="icontains")
    workflow = django_filters.CharFilter()
    step = django_filters.CharFilter()
    group = django_filters.CharFilter(method="keep_group")
    due = django_filters.ChoiceFilter(method="keep_due", choices=list(DUE.items()))
    owner = django_filters.CharFilter(method="keep_owner")
    tag = django_filters.CharFilter(method="keep_tag")
    created = django_filters.ChoiceFilter(
        method="keep_created",
        choices=[(key, label) for key, (label, _) in CREATED.items()],
    )

    snoozed = django_filters.ChoiceFilter(
        method="keep_snoozed", choices=list(SNOOZED.items())
    )

    def __init__(self, data: dict[str, str], queryset: Requests, user: User) -> None:
        super().__init__(data, queryset)
        self.user = user

    def keep_group(self, found: Requests, name: str, value: str) -> Requests:
        return found.filter(groups__contains=[value])

    def keep_due(self, found: Requests, name: str, value: str) -> Requests:
        return found.filter(due_condition(value))

    def keep_owner(self, found: Requests, name: str, value: str) -> Requests:
        if value == UNCLAIMED:
            return found.filter(~Exists(live_claims()))
        owner = self.user.get_username() if value == ME else value
        return found.filter(Exists(live_claims().filter(owner__username=owner)))

    def keep_tag(self, found: Requests, name: str, value: str) -> Requests:
        key, has_value, wanted = value.partition("=")
        if has_value:
            return found.filter(tags__contains={key: wanted})
        return found.filter(tags__has_key=key)

    def keep_snoozed(self, found: Requests, name: str, value: str) -> Requests:
        put_off = Snooze.objects.filter(request=OuterRef("pk"), until__gt=Now())
        return found.filter(Exists(put_off))

    def keep_created(self, found: Requests, name: str, value: str) -> Requests:
        return found.filter(opened_at__gt=Now() - CREATED[value][1])


def by_index(found: Requests, text: str) -> Requests:
    """The same, if they have the text in their subject: but an index finds them.

    It knows of no short text. For those of whom many have it, it is of no use.
    """
    if len(text) < SHORTEST:
        return found
    return found.alias(grams=Grams("subject")).filter(
        grams__contains=Grams(Value(text))
    )


NAMES = tuple(QueueFilter.base_filters)


def read_filters(query: Any) -> dict[str, str]:
    """The filters that a query string names, as far as they mean something."""
    given = {name: plain(query.get(name, "")) for name in NAMES}
    given = {name: value for name, value in given.items() if value}
    known = {"due": DUE.keys(), "created": CREATED.keys(), "snoozed": SNOOZED.keys()}
    return {
        name: value
        for name, value in given.items()
        if value in known.get(name, (value,))
    }


def plain(text: str) -> str:
    """A text as the database can hold it: no NUL, and not endless."""
    return text.replace("\0", "").strip()[:LONGEST]
