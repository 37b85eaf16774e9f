"""Runs, the values that their steps keep, and what runs tell each other."""

import uuid_utils.compat as uuid
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from .definition import Definition


class Run(models.Model):
    """One execution of a workflow. Only `runtime.transition.apply` changes it."""

    class Status(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting", "waiting for a person"
        COMPLETED = "completed"
        FAILED = "failed"
        ABORTED = "aborted"
        TIMED_OUT = "timed_out", "timed out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    workflow = models.CharField(max_length=100)
    definition = models.ForeignKey(
        Definition, on_delete=models.PROTECT, db_index=False, related_name="runs"
    )
    status = models.CharField(max_length=16, choices=Status)
    paused = models.BooleanField(default=False)
    state = models.TextField(help_text="The engine's state, exact JSON.")
    revision = models.BigIntegerField(default=0)
    last_number = models.BigIntegerField(default=0)
    input = models.TextField(help_text="The fields of the start event, exact JSON.")
    result = models.TextField(null=True, blank=True)  # noqa: DJ001 - None: no result yet
    error = models.TextField(null=True, blank=True)  # noqa: DJ001 - None: no error
    root_id = models.UUIDField(
        help_text="The run at the top of the tree of runs; a run without a parent itself."
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="children",
        help_text="The run whose sub-workflow step this one does.",
    )
    parent_call = models.PositiveIntegerField(null=True, blank=True)
    parent_attempt = models.PositiveIntegerField(null=True, blank=True)
    parent_branch = models.PositiveIntegerField(null=True, blank=True)
    forked_from = models.UUIDField(
        null=True, blank=True, help_text="The run of the snapshot that it began from."
    )
    priority = models.IntegerField(
        default=0, help_text="Higher ones get workers first."
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    source = models.ForeignKey(
        "workflows_app.Source",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
    )
    token = models.ForeignKey(
        "workflows_app.ApiToken",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        help_text="With which a program started it, or asked its question.",
    )
    groups = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001
    resumed_from = models.BigIntegerField(
        null=True, blank=True, help_text="The revision of the snapshot it came from."
    )
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    timeout_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "idempotency_key"],
                name="start_each_key_once",
                condition=models.Q(idempotency_key__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["parent", "parent_call", "parent_attempt", "parent_branch"],
                name="run_each_branch_once",
                condition=models.Q(parent__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="run_newest"),
            # Not by status: each change of what an index knows costs a run's update much.
            models.Index(
                fields=["-created_at", "-id"],
                name="run_unfinished",
                condition=models.Q(finished_at__isnull=True),
            ),
            models.Index(
                fields=["-created_at", "-id"],
                name="run_with_error",
                condition=models.Q(error__isnull=False),
            ),
            models.Index(
                fields=["timeout_at"],
                name="run_timeout_due",
                condition=models.Q(timeout_at__isnull=False),
            ),
            models.Index(
                fields=["root_id"],
                name="run_tree",
                condition=models.Q(parent__isnull=False),
            ),
            GinIndex(fields=["tags"], name="run_tags", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.short_id}"

    @property
    def short_id(self) -> str:
        """The last eight digits: the random part, and enough to recognise a run."""
        return str(self.id)[-8:]

    @property
    def is_finished(self) -> bool:
        return self.status not in {self.Status.RUNNING, self.Status.WAITING}


class RunState(models.Model):
    """One key of a run's `ctx.state`: exact JSON, and how often it was written."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, db_index=False, related_name="values"
    )
    key = models.CharField(max_length=200)
    text = models.TextField()
    version = models.BigIntegerField(default=1)

    class Meta:
        verbose_name = "state value"
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="keep_each_key_once")
        ]

    def __str__(self) -> str:
        return self.key


class RunInbox(models.Model):
    """News from one run for another, until that one has taken it in.

    Parent and child are never locked together: each reads its inbox by itself.
    """

    target = models.ForeignKey(
        Run, on_delete=models.CASCADE, db_index=False, related_name="inbox"
    )
    sender = models.UUIDField()
    number = models.BigIntegerField(help_text="Counts up with what the sender did.")
    tick = models.TextField(help_text="What it tells, as plain JSON.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "run inbox"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "sender", "number"], name="take_in_each_news_once"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="inbox_oldest")]

    def __str__(self) -> str:
        return f"news {self.number} for {self.target_id}"
