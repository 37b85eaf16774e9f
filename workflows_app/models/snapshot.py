"""Snapshots: immutable copies of runs."""

import uuid_utils.compat as uuid
from django.db import models

from .run import Run


class Snapshot(models.Model):
    """A run as it was after so many transitions.

    What never changes (input, definition, log) is not repeated here; the portable
    format (engine/snapshot.py) is put together when somebody takes it away.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="snapshots")
    revision = models.BigIntegerField()
    number = models.BigIntegerField(help_text="The last line of the log it knows.")
    cause = models.CharField(max_length=16)
    taken_at = models.DateTimeField()
    state = models.TextField(help_text="The engine's state, exact JSON.")
    values = models.TextField(help_text="Each key of ctx.state with its version.")
    inbox = models.TextField(default="[]", help_text="News that it had not taken in.")
    children = models.TextField(
        default="[]", help_text="The runs that work for it, at the same moment."
    )

    class Meta:
        ordering = ["-taken_at", "-id"]

    def __str__(self) -> str:
        return f"{self.cause} at line {self.number}"
