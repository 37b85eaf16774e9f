"""Deliveries: each webhook that was taken in, byte for byte."""

import uuid_utils.compat as uuid
from django.db import models
from django.db.models.functions import Now

from .run import Run
from .source import Source


class Delivery(models.Model):
    """One message of a source; sent again it only counts up `times_received`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="deliveries"
    )
    delivery_id = models.CharField(max_length=200)
    event = models.CharField(
        max_length=100, blank=True, help_text="As a header says it; not signed."
    )
    body = models.BinaryField()
    body_digest = models.CharField(max_length=64)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="deliveries")
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
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.delivery_id}"
