"""Workers: which processes do the work, as they tell it themselves."""

import uuid_utils.compat as uuid
from django.db import models


class Worker(models.Model):
    """A worker's supervisor and what it is busy with, renewed with its leases.

    A row is a report, never a lock: whether a call is lost is told by its own lease.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="The last heartbeat.")
    stopped_at = models.DateTimeField(null=True, blank=True)
    slots = models.IntegerField(
        help_text="Calls that its executors can run at once; 0 when none is left."
    )
    busy = models.IntegerField(default=0, help_text="Calls it runs now.")
    is_draining = models.BooleanField(
        default=False, help_text="It finishes what it has and takes nothing new."
    )

    class Meta:
        ordering = ["host", "started_at", "id"]

    def __str__(self) -> str:
        return f"{self.host} {self.pid}"
