"""Slack: the workspaces and channels that are told of requests, and who people are there."""

from typing import Any

import uuid_utils.compat as uuid
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from .input_request import InputRequest
from .receiver import Channel, Receiver

SLACK_ID = RegexValidator(
    r"\A[A-Z][A-Z0-9]{5,20}\Z",
    "Slack's ids are capitals and digits, such as C0123ABCD.",
)


class SlackWorkspace(models.Model):
    """An installed Slack app: what lets us speak there, and proves what comes from there."""

    name = models.SlugField(unique=True)
    team_id = models.CharField(
        "team ID",
        max_length=21,
        unique=True,
        validators=[SLACK_ID],
        help_text="T…, in the address of the workspace in a browser.",
    )
    bot_token = models.CharField(
        max_length=300,
        help_text="xoxb-…, from “OAuth & Permissions” of the app.",
        validators=[
            RegexValidator(r"\Axoxb-[\w-]+\Z", "A bot token begins with xoxb-.")
        ],
    )
    signing_secret = models.CharField(
        max_length=200, help_text="From “Basic Information” of the app."
    )
    matches_email = models.BooleanField(
        "match people by e-mail",
        default=False,
        help_text="Take a member whose address Slack has confirmed for the one user here "
        "who has the same. Whoever manages the workspace can set addresses.",
    )
    is_active = models.BooleanField("active", default=True)
    paused_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Slack wants fewer calls."
    )

    class Meta:
        verbose_name = "Slack workspace"

    def __str__(self) -> str:
        return self.name


class SlackChannel(Receiver):
    """A channel that is told of requests: of its workflows, and those for its groups."""

    workspace = models.ForeignKey(
        SlackWorkspace, on_delete=models.CASCADE, related_name="channels"
    )
    conversation = models.CharField(
        "channel ID",
        max_length=21,
        validators=[SLACK_ID],
        help_text="C…, at the end of “About” of the channel. Invite the app to it.",
    )
    groups = ArrayField(
        models.CharField(max_length=150),
        default=list,
        blank=True,
        help_text="Told of requests for these groups only; empty means all.",
    )

    class Meta:
        verbose_name = "Slack channel"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "conversation"], name="know_each_channel_once"
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """It is told by cards, which show what is, and not by news of each kind."""
        self.channel, self.kinds = Channel.SLACK, []
        super().save(*args, **kwargs)


class SlackCard(models.Model):
    """The one message in which a channel sees a request.

    `turn` is the token of whoever brings it up to date, until `busy_until`. What was
    tried without a clear reply may be there, though its name `ts` is not known.
    """

    channel = models.ForeignKey(
        SlackChannel, on_delete=models.CASCADE, related_name="cards"
    )
    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="slack_cards"
    )
    ts = models.CharField(
        "timestamp", max_length=32, blank=True, help_text="Slack's name of the message."
    )
    shown = models.CharField(
        max_length=16, blank=True, help_text="The status that it shows."
    )
    shown_digest = models.CharField(max_length=64, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    turn = models.PositiveIntegerField(default=0)
    busy_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "message in Slack"
        verbose_name_plural = "messages in Slack"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "request"], name="show_each_request_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request} in {self.channel}"


class SlackIdentity(models.Model):
    """Who a member of a Slack team is here; his rights are that user's, no others."""

    class Source(models.TextChoices):
        ADMINISTRATOR = "administrator", "set by an administrator"
        EMAIL = "email", "by a confirmed e-mail address"

    team_id = models.CharField("team ID", max_length=21, validators=[SLACK_ID])
    slack_user = models.CharField(
        "member ID",
        max_length=21,
        validators=[SLACK_ID],
        help_text="U…, from “Copy member ID” in a member's profile.",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="slack_identities",
    )
    matched_by = models.CharField(
        max_length=16, choices=Source, default=Source.ADMINISTRATOR, editable=False
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "Slack identity"
        verbose_name_plural = "Slack identities"
        constraints = [
            models.UniqueConstraint(
                fields=["team_id", "slack_user"], name="know_each_member_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.slack_user} is {self.user}"


class SlackPress(models.Model):
    """A button that was pressed: each press counts once, and this is what came of it."""

    class Result(models.TextChoices):
        ANSWERED = "answered"
        REPEATED = "repeated", "repeated: it had been answered so before"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid7, editable=False)
    workspace = models.ForeignKey(SlackWorkspace, on_delete=models.CASCADE)
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of what Slack has signed."
    )
    team_id = models.CharField("team ID", max_length=21)
    slack_user = models.CharField("member ID", max_length=21)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=200, blank=True)
    result = models.CharField(max_length=10, choices=Result)
    told = models.TextField(blank=True, help_text="What the person was told.")
    is_told = models.BooleanField(
        default=True, help_text="Whether Slack took that; it is not tried again."
    )
    pressed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "press in Slack"
        verbose_name_plural = "presses in Slack"
        ordering = ["-pressed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "digest"], name="count_each_press_once"
            )
        ]
        indexes = [models.Index(fields=["-pressed_at", "-id"], name="press_newest")]

    def __str__(self) -> str:
        return f"{self.outcome or 'something'} by {self.slack_user}"
