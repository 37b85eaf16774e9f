"""Of what a person wants to be told by e-mail."""

from django.conf import settings
from django.db import models


class MailWish(models.Model):
    """Nobody needs a row: who has none is told whenever he is asked."""

    class ToldWhen(models.TextChoices):
        ASKED = "asked", "When I or one of my groups is asked"
        NAMED = "named", "When I am asked by name"
        NEVER = "never", "Never"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="mail_wish",
    )
    told_when = models.CharField(max_length=8, choices=ToldWhen, default=ToldWhen.ASKED)

    def __str__(self) -> str:
        return f"of {self.user}"
