"""Sources: who may send webhooks, and what they start."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Source(models.Model):
    """A sender of webhooks: how it signs, and the one workflow it may start."""

    class Scheme(models.TextChoices):
        GITHUB = "github", "GitHub (X-Hub-Signature-256)"

    name = models.SlugField(unique=True, help_text="Part of the address: /hooks/name/")
    scheme = models.CharField(max_length=20, choices=Scheme, default=Scheme.GITHUB)
    secrets = ArrayField(
        models.CharField(max_length=200),
        help_text="Shared secrets, separated by commas; two while you rotate them.",
    )
    workflow = models.CharField(max_length=100)
    groups = ArrayField(
        models.CharField(max_length=150),
        default=list,
        blank=True,
        help_text="Groups whose members may see the runs it starts.",
    )
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
