"""Calls under way: what workers claim, and what the watch loop looks after.

A call that waits for a person, for room, or for the runs that do its work has no row.
"""

from django.db import models
from django.db.models import Q

from .run import Run


class Call(models.Model):
    """One event delivered to one step. `(number, attempt)` is the fencing token."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, db_index=False, related_name="calls"
    )
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=100)
    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(
        max_length=200, blank=True, help_text="Who runs it; empty while nobody does."
    )
    ready_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(
        null=True, help_text="When its back-off is over, or its start is due."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "number"], name="deliver_each_call_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["lease_until"],
                name="call_lease_due",
                condition=Q(lease_until__isnull=False),
            ),
            models.Index(
                fields=["ready_at"],
                name="call_ready",
                condition=Q(ready_at__isnull=False),
            ),
            models.Index(
                fields=["not_before"],
                name="call_due",
                condition=Q(not_before__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} #{self.number}"
