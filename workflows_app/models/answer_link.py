"""Answer links: one request, one person, one use."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from .input_request import InputRequest


class AnswerLink(models.Model):
    """A link with which a person without an account may answer once.

    Only the hash of its token is kept; whoever reads the table cannot answer.
    """

    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="links"
    )
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256.")
    digest = models.CharField(max_length=64, help_text="What the person will be shown.")
    outcomes = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="The only outcomes it may choose; empty means all.",
    )
    person = models.CharField(max_length=150, help_text="For whom it was made.")
    needs_sign_in = models.BooleanField(default=False)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    issued_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at", "id"]

    def __str__(self) -> str:
        return f"for {self.person}"
