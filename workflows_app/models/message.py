"""The outbox: what leaves the house, kept until it has arrived."""

import uuid_utils.compat as uuid
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .input_request import InputRequest
from .receiver import Channel, Receiver
from .run import Run


class Message(models.Model):
    """One thing told to one receiver or person; its id is the key under which it counts.

    It is written in the transaction that makes it true. `request` is empty when it tells
    of the run itself, `receiver` when it is for a `person`; `occurrence` tells apart what
    can happen to a request more than once.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"
        SUPERSEDED = "superseded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    channel = models.CharField(max_length=16, choices=Channel, default=Channel.CALLBACK)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="messages")
    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, null=True, related_name="messages"
    )
    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE, null=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
    )
    kind = models.CharField(max_length=40)
    occurrence = models.BigIntegerField(default=0)
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
        verbose_name = "outgoing message"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "receiver", "kind"],
                name="tell_each_receiver_once",
                condition=Q(request=None),
            ),
            models.UniqueConstraint(
                fields=["request", "receiver", "kind", "occurrence"],
                name="tell_each_receiver_of_a_request_once",
                condition=Q(request__isnull=False, receiver__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["request", "person", "kind", "occurrence"],
                name="tell_each_person_once",
                condition=Q(person__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(receiver=None, person__isnull=False)
                | Q(receiver__isnull=False, person=None),
                name="tell_a_receiver_or_a_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="message_due", condition=Q(status="pending")
            ),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            models.Index(
                fields=["-created_at"],
                name="message_failed",
                condition=Q(status="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"

    @property
    def to(self) -> str:
        """Whom it is for, by name."""
        return str(self.receiver or self.person)

    @property
    def idempotency_key(self) -> str:
        return f"msg_{self.id.hex}"
