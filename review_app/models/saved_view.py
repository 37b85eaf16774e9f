"""Saved views: ways to look at the queue that have a name."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models.functions import Now


class SavedView(models.Model):
    """A name for a query of the queue: of one person, or shared with a group.

    It shows, it does not permit: everybody sees through it only what he may see anyway.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    group = models.ForeignKey(
        Group,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="saved_views",
        help_text="Whose members see it too; empty means private.",
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, help_text="Without the ?.")
    notifies = models.BooleanField("tell me when something new is in it", default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="name_each_view_of_a_person_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
