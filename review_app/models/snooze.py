"""Snoozes: what a person does not want to see for a while."""

from django.conf import settings
from django.db import models

from workflows_app.models import InputRequest


class Snooze(models.Model):
    """For this person, and only for him, the request comes back later."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    request = models.ForeignKey(
        InputRequest, on_delete=models.CASCADE, related_name="snoozes"
    )
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "request"], name="snooze_each_request_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request} until {self.until:%Y-%m-%d %H:%M}"
