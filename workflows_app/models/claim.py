"""Claims: who works on a request at the moment, and who did before."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .input_request import InputRequest


class Claim(models.Model):
    """A person keeps a request for himself, for as long as the lease lasts.

    It is live until it has ended or its lease is over. Rows stay: they tell who had the
    request, and who took it over and why.
    """

    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="claims"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="claims"
    )
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    taken_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField(
        max_length=500, blank=True, help_text="Why somebody else took it over."
    )

    class Meta:
        ordering = ["claimed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                name="claim_each_request_once",
                condition=Q(ended_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(
                fields=["owner"],
                name="claim_owner",
                condition=Q(ended_at__isnull=True),
            ),
            models.Index(
                fields=["-ended_at", "-id"],
                name="claim_taken_over",
                condition=Q(taken_over_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request} by {self.owner}"
