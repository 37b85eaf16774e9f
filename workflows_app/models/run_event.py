"""The event log: what happened in a run, line by line, for ever."""

from typing import Any

from django.db import models
from django.db.models import BigIntegerField, Func, TextField
from django.db.models.functions import Cast

from workflows_app.engine import values

from .run import Run

THIS_TRANSACTION = Cast(
    Cast(Func(function="pg_current_xact_id"), TextField()), BigIntegerField()
)
"""A number that grows with each transaction of the server, and never comes again."""


class RunEvent(models.Model):
    """A line of a run's log. Numbers start at 1 and have no gaps.

    The lines of one run are in the order of their numbers. Those of several are in the
    order of `(transaction, run, number)`, of which a reader goes no further than to the
    oldest transaction that has not ended: then none can come later that he passed by.
    """

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, db_index=False, related_name="events"
    )
    number = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    step = models.CharField(max_length=100, blank=True)
    call = models.PositiveIntegerField(null=True)
    attempt = models.PositiveIntegerField(null=True)
    actor_kind = models.CharField(max_length=16)
    actor = models.CharField(max_length=150, blank=True)
    door = models.CharField(max_length=16, blank=True)
    body = models.TextField(help_text="Exact JSON.")
    transaction = models.BigIntegerField(
        db_default=THIS_TRANSACTION, editable=False, help_text="Which wrote it."
    )

    class Meta:
        ordering = ["run_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "number"], name="number_each_line_once"
            )
        ]
        indexes = [models.Index(fields=["transaction"], name="event_transaction")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = values.load(self.body)
        return content
