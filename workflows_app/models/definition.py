"""Definitions: each version of a workflow that a run was ever pinned to."""

from django.db import models
from django.db.models.functions import Now


class Definition(models.Model):
    """A workflow as data, under the SHA-256 of its text."""

    digest = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=100)
    body = models.TextField()
    published_at = models.DateTimeField(
        db_default=Now(),
        help_text="When a worker last offered to run it; the latest of a name is current.",
    )

    class Meta:
        indexes = [
            models.Index(fields=["name", "-published_at"], name="definition_current")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
