"""Idempotency keys: what was done under a key of a program, and what it was told."""

from django.db import models
from django.db.models.functions import Now

from .api_token import ApiToken


class IdempotencyKey(models.Model):
    """The row is there exactly if the act is: both are written in one transaction."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=150)
    asked_digest = models.CharField(
        max_length=64, help_text="SHA-256 of what was asked for."
    )
    status = models.PositiveSmallIntegerField()
    reply = models.TextField(help_text="What the program was told, JSON.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="act_once_for_a_key")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_oldest")]

    def __str__(self) -> str:
        return self.key
