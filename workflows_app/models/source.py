"""Sources: who may send webhooks, and what they set going."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

HEADER_NAME = RegexValidator(
    r"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z", "This cannot be the name of a header."
)


class Source(models.Model):
    """A sender of webhooks: how it signs, and the one workflow that it reaches."""

    class Scheme(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks (v1, v1a)"
        GITHUB = "github", "GitHub (X-Hub-Signature-256)"
        SLACK = "slack", "Slack (X-Slack-Signature)"
        STRIPE = "stripe", "Stripe (Stripe-Signature)"
        HMAC = "hmac", "HMAC-SHA256 of the body in a header"
        BEARER = "bearer", "A token in a header"

    class Encoding(models.TextChoices):
        HEX = "hex", "hexadecimal"
        BASE64 = "base64", "base64"

    class Action(models.TextChoices):
        START = "start", "start a run"
        ANSWER = "answer", "answer a request"
        SEND = "send", "send an event into a run"

    class Mode(models.TextChoices):
        OFF = "off", "off: nobody is there"
        TRIAL = "trial", "on trial: deliveries are kept, and nothing comes of them"
        ON = "on", "on"

    name = models.SlugField(unique=True, help_text="Part of the address: /hooks/name/")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.ON)
    scheme = models.CharField(max_length=20, choices=Scheme, default=Scheme.GITHUB)
    secrets = ArrayField(models.CharField(max_length=200))
    header = models.CharField(
        max_length=100,
        blank=True,
        validators=[HEADER_NAME],
        help_text="Where the HMAC or the token is; a token without: Authorization.",
    )
    prefix = models.CharField(
        max_length=40, blank=True, help_text="What stands before it: sha256="
    )
    encoding = models.CharField(
        max_length=8,
        choices=Encoding,
        default=Encoding.HEX,
        help_text="How the HMAC is written.",
    )
    id_header = models.CharField(
        "header of the id",
        max_length=100,
        blank=True,
        validators=[HEADER_NAME],
        help_text="Where such a sender names each delivery, if it does.",
    )
    action = models.CharField(max_length=10, choices=Action, default=Action.START)
    workflow = models.CharField(
        max_length=100, help_text="The one that it reaches: no other can be."
    )
    mapping = models.TextField(
        blank=True, help_text="Which parts of a delivery become what; JSON."
    )
    groups = ArrayField(
        models.CharField(max_length=150),
        default=list,
        blank=True,
        help_text="Groups whose members may see the runs it starts.",
    )
    rate = models.PositiveIntegerField(
        default=600,
        validators=[MinValueValidator(1)],
        help_text="Deliveries a minute, in each web process.",
    )
    max_bytes = models.PositiveIntegerField(
        "largest body",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="In bytes, if less is enough than HOLDPOINT_INTAKE_LIMIT allows.",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(scheme="hmac") | ~Q(header=""),
                name="say_where_each_hmac_is",
            ),
            models.CheckConstraint(
                condition=Q(rate__gte=1), name="let_some_deliveries_in"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        """Whether something comes of its deliveries."""
        return self.mode == self.Mode.ON
