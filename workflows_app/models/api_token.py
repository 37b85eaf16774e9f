"""API tokens: what a program shows to act for a person."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Scope(models.TextChoices):
    """What a token may be used for; what its person may not do, it cannot do either."""

    READ = "read", "see what its person sees"
    START = "start", "start runs"
    ASK = "ask", "put questions before people, and read what they decide"
    ANSWER = "answer", "answer, claim, comment on, hand on and put off questions"
    OPERATE = "operate", "steer runs, snapshots, workers, deliveries and messages"


class ApiToken(models.Model):
    """A token that acts for a person, within its scopes. Only its hash is kept."""

    name = models.CharField(max_length=100, help_text="What it is used for, or where.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        help_text="For whom it acts: it sees and may do what this person may.",
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    rate = models.PositiveIntegerField(
        default=600, help_text="Requests a minute, in each web process."
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, help_text="To within five minutes."
    )

    class Meta:
        verbose_name = "API token"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
