"""Questions to people, and their answers."""

import json
from typing import Any

import uuid_utils.compat as uuid
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from workflows_app.engine import values

from .grams import Grams
from .run import Run


class InputRequest(models.Model):
    """A question to people. What it shows never changes."""

    class Status(models.TextChoices):
        OPEN = "open"
        DECIDED = "decided", "decided, can be undone"
        ANSWERED = "answered"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="requests")
    root_id = models.UUIDField(help_text="The run at the top of the run's tree.")
    request_id = models.CharField(max_length=200, help_text="The author's name for it.")
    workflow = models.CharField(max_length=100)
    step = models.CharField(max_length=100)
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    subject = models.CharField(max_length=300)
    shown = models.TextField(help_text="What people see, exact JSON.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what people see.")
    policy = models.TextField(default="{}")
    assignees = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    groups = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    priority = models.IntegerField(default=0)
    tags = models.JSONField(default=dict, blank=True)
    previous = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    effective_at = models.DateTimeField(
        null=True, blank=True, help_text="When what was decided counts."
    )
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When something happens next by itself."
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-priority", "opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["root_id", "request_id"], name="ask_each_question_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["-priority", "opened_at", "id"],
                name="request_queue",
                condition=Q(status="open"),
            ),
            models.Index(
                fields=["expires_at", "-priority", "opened_at", "id"],
                name="request_queue_by_deadline",
                condition=Q(status="open"),
            ),
            models.Index(
                fields=["opened_at", "id"],
                name="request_queue_by_age",
                condition=Q(status="open"),
            ),
            models.Index(
                fields=["workflow", "step"],
                name="request_queue_by_step",
                condition=Q(status="open"),
            ),
            models.Index(
                fields=["opened_at"],
                name="request_to_anybody",
                condition=Q(status="open", assignees=[], groups=[]),
            ),
            models.Index(
                fields=["effective_at"],
                name="request_decided",
                condition=Q(status="decided"),
            ),
            models.Index(
                fields=["due_at"],
                name="request_due",
                condition=Q(status__in=["open", "decided"], due_at__isnull=False),
            ),
            GinIndex(
                fields=["groups"],
                name="request_groups",
                condition=Q(status="open"),
                fastupdate=False,
            ),
            GinIndex(
                fields=["assignees"],
                name="request_assignees",
                condition=Q(status="open"),
                fastupdate=False,
            ),
            GinIndex(
                fields=["tags"],
                name="request_tags",
                condition=Q(status="open"),
                fastupdate=False,
            ),
            GinIndex(
                Grams("subject"),
                name="request_subject",
                condition=Q(status="open"),
                gin_pending_list_limit=256,
            ),
            models.Index(
                fields=["-closed_at"], include=["opened_at"], name="request_closed"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def standing_votes(self) -> "models.QuerySet[InputResponse]":
        """The answers that have not been taken back, oldest first."""
        return self.responses.filter(withdrawn_at=None).order_by("at", "id")

    @property
    def decision(self) -> "InputResponse | None":
        """The vote that decides, if one does."""
        votes = self.responses.all()
        return next((v for v in votes if v.decides and v.withdrawn_at is None), None)

    @property
    def content(self) -> dict[str, Any]:
        """What is shown: subject, prompt, metadata, display, schema, outcomes."""
        text, shown = vars(self).get("_loaded", (None, {}))
        if text is not self.shown:  # it may be large: it is read once
            shown = values.load(self.shown)
            self._loaded = (self.shown, shown)
        content: dict[str, Any] = shown
        return content

    @property
    def policy_rules(self) -> dict[str, Any]:
        rules: dict[str, Any] = json.loads(self.policy)
        return rules


class InputResponse(models.Model):
    """A vote: who gave it, through which door, to what was shown.

    One of them decides; one that was taken back stays on record. What figures need of
    the request stands here once more, so that they need not look at each of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="responses"
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
    )
    responder_kind = models.CharField(max_length=16)
    responder = models.CharField(max_length=150)
    door = models.CharField(max_length=16)
    outcome = models.CharField(max_length=200)
    answer = models.TextField(help_text="The value, exact JSON.")
    reason = models.TextField(blank=True)
    idempotency_key = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    decides = models.BooleanField(default=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField()
    workflow = models.CharField(max_length=100)
    groups = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    line = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="The last line of the run's log when it was given; 0 when that is not "
        "known, empty for the copy of a vote that was given in another run.",
    )

    class Meta:
        ordering = ["-at"]
        permissions = [
            ("compare_reviewers", "Can see figures of each reviewer: data of people")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                name="decide_each_request_once",
                condition=Q(decides=True, withdrawn_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["request", "responder_kind", "responder"],
                name="count_each_voter_once",
                condition=Q(withdrawn_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-at"], name="response_of_person"),
            models.Index(
                fields=["-at", "-id"],
                name="response_decisions",
                condition=Q(
                    decides=True, withdrawn_at__isnull=True, line__isnull=False
                ),
            ),
            models.Index(
                fields=["-withdrawn_at", "-id"],
                name="response_undone",
                condition=Q(decides=True, withdrawn_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} by {self.responder}"

    @property
    def value(self) -> Any:
        return values.load(self.answer)
