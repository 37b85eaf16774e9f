"""Presence: who looks at a request just now."""

from django.conf import settings
from django.db import models

from workflows_app.models import InputRequest


class Presence(models.Model):
    """What a person's page said last; it counts for a short while.

    A page that is left goes on counting its signs here, so that one of them which is
    late is known as such.
    """

    class State(models.TextChoices):
        VIEWING = "viewing", "is viewing"
        IDLE = "idle", "is idle"
        TYPING = "typing", "has unsaved text"
        HIDDEN = "hidden", "has left"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="presences"
    )
    state = models.CharField(max_length=8, choices=State)
    seen_at = models.DateTimeField()
    page = models.CharField(
        max_length=32, blank=True, db_default="", help_text="Which of his pages."
    )
    number = models.PositiveIntegerField(
        db_default=0, help_text="How many signs that page had given by then."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "request"], name="see_each_person_once"
            )
        ]
        indexes = [models.Index(fields=["seen_at"], name="presence_seen")]

    def __str__(self) -> str:
        return f"{self.user} {self.get_state_display()}"
