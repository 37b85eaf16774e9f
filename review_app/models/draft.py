"""Drafts: what a person has typed and not sent."""

from django.conf import settings
from django.db import models

from workflows_app.models import InputRequest


class Draft(models.Model):
    """The fields of an answer as they stand in the form, valid or not.

    When the answer is sent, its draft is kept for as long as the decision can be undone:
    then the person finds everything as he had typed it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="drafts"
    )
    form = models.TextField(help_text="A query string, as the form would send it.")
    saved_at = models.DateTimeField()
    sent_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then it is an answer, not a draft."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "request"], name="keep_one_draft_of_each_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request} by {self.user}"
