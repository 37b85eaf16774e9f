"""Saved views: a list under a name, one's own or shared with a group."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet
from django.http import QueryDict

from review_app.models import SavedView
from review_app.queue.counting import count_texts
from review_app.queue_list import QueueList
from review_app.schema_form.rows import Problem

from .confirming import problems_of

MOST_SHOWN = 8
"""So many views have their counts on the page; all of them are on their own page."""

MOST_OWNED = 50
LONGEST_QUERY = 1000


@dataclass(frozen=True, slots=True)
class CountedView:
    """A view with what its reader would see through it now."""

    saved: SavedView
    query: str
    count: int

    def has_grown(self, known: str) -> bool:
        """Whether its owner wants to hear of it, and it shows more than he knows of."""
        return self.saved.notifies and known.isdecimal() and self.count > int(known)


class ViewForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """Names a list. It can be shared with a group of one's own only."""

    class Meta:
        model = SavedView
        fields = ("name", "group", "notifies")

    def __init__(self, data: QueryDict | None, view: SavedView) -> None:
        super().__init__(data, instance=view)
        group = self.fields["group"]
        assert isinstance(group, forms.ModelChoiceField)
        group.queryset = Group.objects.filter(user=view.owner)
        group.label, group.empty_label = "Share with", "Nobody: it is mine alone"

    @property
    def problems(self) -> list[Problem]:
        return problems_of(self)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        same = SavedView.objects.filter(owner=self.instance.owner, name=name)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("You have a view of this name already.")
        return name

    def clean(self) -> None:
        if len(self.instance.query) > LONGEST_QUERY:
            raise forms.ValidationError("Its filters are too long to be kept.")
        mine = SavedView.objects.filter(owner=self.instance.owner)
        is_new = not mine.filter(pk=self.instance.pk).exists()
        if is_new and mine.count() >= MOST_OWNED:
            raise forms.ValidationError(f"{MOST_OWNED} views are enough for anybody.")


def visible_views(user: User) -> QuerySet[SavedView]:
    """His own, and those that others share with a group of his."""
    shared = Q(group__user=user)
    found = SavedView.objects.filter(Q(owner=user) | shared).distinct()
    return found.select_related("owner", "group")


def views_of(user: User) -> list[SavedView]:
    """His own first, then those of others."""
    named = visible_views(user).order_by("name", "pk")
    return sorted(named, key=lambda view: view.owner_id != user.pk)


def count_views(user: User, views: Sequence[SavedView]) -> list[CountedView]:
    """What he sees through each of them: as far as he may see anything."""
    lists = [list_of(view) for view in views]
    counts = count_texts([each.text(user) for each in lists])
    return [
        CountedView(view, each.query, count)
        for view, each, count in zip(views, lists, counts, strict=True)
    ]


def list_of(view: SavedView) -> QueueList:
    return QueueList.read(QueryDict(view.query))
