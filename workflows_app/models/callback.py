"""Callbacks: what leaves the house, kept in an outbox until it has arrived."""

import uuid_utils.compat as uuid
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .run import Run


class Receiver(models.Model):
    """An address, set by an operator, that is told when runs end."""

    name = models.SlugField(unique=True)
    url = models.URLField(max_length=500)
    secret = models.CharField(
        max_length=200, help_text="Standard Webhooks secret, whsec_…"
    )
    workflows = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="Told about these workflows only; empty means all.",
    )
    token = models.OneToOneField(
        "workflows_app.ApiToken",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="receiver",
        help_text="Told of nothing but what is asked and started with this token.",
    )
    is_active = models.BooleanField("active", default=True)

    def __str__(self) -> str:
        return self.name


class Callback(models.Model):
    """One message to one receiver; its id is the key under which it counts once."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="callbacks")
    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)
    body = models.TextField()
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, db_default=Now())
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_reply = models.CharField(
        max_length=300, blank=True, help_text="Status code, or what went wrong."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "receiver", "kind"], name="tell_each_receiver_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="callback_due", condition=Q(status="pending")
            ),
            models.Index(
                fields=["-created_at"],
                name="callback_failed",
                condition=Q(status="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.receiver}"

    @property
    def idempotency_key(self) -> str:
        return f"msg_{self.id.hex}"
