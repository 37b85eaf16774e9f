"""Receivers: programs outside that want to be told what happens here."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Channel(models.TextChoices):
    """By which way a message leaves the house."""

    CALLBACK = "callback"
    SLACK = "slack"
    MAIL = "mail", "e-mail"


class Kind(models.TextChoices):
    """What a receiver can be told of."""

    RUN_FINISHED = "run.finished", "a run has ended"
    OPENED = "request.opened", "a request has been opened"
    ESCALATED = "request.escalated", "a request has been escalated to more groups"
    ANSWERED = "request.answered", "a request has been answered, and the answer counts"
    EXPIRED = "request.expired", "a request has expired without an answer"
    WITHDRAWN = (
        "request.withdrawn",
        "a request has been withdrawn, as its run has ended",
    )


def told_by_default() -> list[str]:
    return [Kind.RUN_FINISHED.value]


class Receiver(models.Model):
    """Somebody outside, set by an operator, who is told of what he wants to hear."""

    name = models.SlugField(unique=True)
    channel = models.CharField(
        max_length=16, choices=Channel, default=Channel.CALLBACK, editable=False
    )
    url = models.URLField(max_length=500, blank=True)
    secret = models.CharField(
        max_length=200, blank=True, help_text="Standard Webhooks secret, whsec_…"
    )
    kinds = ArrayField(
        models.CharField(max_length=40, choices=Kind),
        default=told_by_default,
        verbose_name="told when",
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
