"""Comments: what people say to each other about a request."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from .input_request import InputRequest


class Comment(models.Model):
    """A word about a request. It is no answer, and is never changed."""

    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="comments"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True
    )
    at = models.DateTimeField(db_default=Now())
    text = models.TextField()
    mentions = ArrayField(
        models.CharField(max_length=150),
        default=list,
        blank=True,
        help_text="The names of those who are addressed by @name.",
    )

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:80]
