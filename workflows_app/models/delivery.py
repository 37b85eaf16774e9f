"""Deliveries: each webhook whose sender was proven, byte for byte, and what came of it."""

from typing import Any

import uuid_utils.compat as uuid
from django.db import models
from django.db.models.functions import Now

from .input_request import InputRequest
from .run import Run
from .source import Source


class Delivery(models.Model):
    """One message of a source; sent again it only counts up `times_received`.

    What has come to nothing may come to something when it is sent again.
    """

    class Result(models.TextChoices):
        STARTED = "started", "started a run"
        ANSWERED = "answered", "answered a request"
        SENT = "sent", "sent an event"
        IGNORED = "ignored", "left alone, as its source wants it"
        KEPT = "kept", "kept, for its source is on trial"
        REFUSED = "refused", "refused"

    DONE = (Result.STARTED, Result.ANSWERED, Result.SENT)
    """Results that stay: there is nothing to be done again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="deliveries"
    )
    delivery_id = models.CharField(max_length=200)
    event = models.CharField(
        max_length=100, blank=True, help_text="What kind it says it is."
    )
    headers = models.JSONField(
        default=dict, help_text="Those that its mapping reads; nobody signs them."
    )
    body = models.BinaryField()
    body_digest = models.CharField(max_length=64)
    result = models.CharField(max_length=10, choices=Result, default=Result.STARTED)
    status = models.PositiveSmallIntegerField(
        default=202, help_text="Of the reply to it, when it came last."
    )
    detail = models.TextField(blank=True, help_text="Why nothing came of it.")
    reply = models.JSONField(default=dict, help_text="What its sender is told.")
    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    request = models.ForeignKey(
        InputRequest,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="deliveries",
    )
    received_at = models.DateTimeField(db_default=Now())
    times_received = models.PositiveIntegerField(default=1)
    conflicts = models.PositiveIntegerField(
        default=0, help_text="How often the same id came with another body."
    )

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "delivery_id"], name="take_in_each_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["source", "body_digest", "-received_at"],
                name="delivery_same_body",
            ),
            models.Index(fields=["-received_at", "-id"], name="delivery_newest"),
            models.Index(
                fields=["source", "-received_at", "-id"], name="delivery_newest_of"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.delivery_id}"

    @property
    def is_done(self) -> bool:
        """Whether something came of it that counts once."""
        return self.result in self.DONE

    @property
    def told(self) -> dict[str, Any]:
        """What its sender is told, every time to the letter."""
        told = {**self.reply, "delivery_id": self.delivery_id}
        return dict(sorted(told.items()))
