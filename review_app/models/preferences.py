"""Preferences: how a person wants the pages to behave, on every device."""

from django.conf import settings
from django.db import models


class Preferences(models.Model):
    """Nobody needs a row: who has none gets the defaults."""

    class Theme(models.TextChoices):
        AUTO = "auto", "As the device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Undo(models.IntegerChoices):
        NONE = 0, "None: a decision counts at once"
        SHORT = 5, "5 seconds"
        MEDIUM = 10, "10 seconds"
        LONG = 30, "30 seconds"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.AUTO)
    single_keys = models.BooleanField("single keys do something", default=True)
    auto_advance = models.BooleanField(
        "after a decision, open the next request", default=True
    )
    undo_seconds = models.IntegerField(
        "time to take a decision back",
        choices=Undo,
        default=Undo.SHORT,
        help_text="A request may allow less, never more than it allows.",
    )
    notifies = models.BooleanField(
        "notify me on this desktop when something is due", default=False
    )

    def __str__(self) -> str:
        return f"of {self.user}"
