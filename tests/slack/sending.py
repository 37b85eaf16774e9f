"""The outbox of Slack, worked off in the test's own process."""

import asyncio
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from workflows_app.models import InputRequest, Message, SlackCard, SlackWorkspace
from workflows_app.notify.sending import send_message


def send_due() -> int:
    """Send all that is due for Slack now, once; how many that was."""
    due = Message.objects.filter(channel="slack", status="pending", due_at__lte=Now())
    found = list(due.values_list("pk", flat=True))
    for message in found:
        asyncio.run(send_message(message))
    return len(found)


def let_a_minute_pass() -> None:
    """For the outbox and for Slack, not for the runs."""
    ago = timedelta(seconds=61)
    Message.objects.update(due_at=F("due_at") - ago)
    SlackCard.objects.update(
        busy_until=F("busy_until") - ago, tried_at=F("tried_at") - ago
    )
    SlackWorkspace.objects.update(paused_until=F("paused_until") - ago)


def outgoing() -> Message:
    """The only row of the outbox for Slack."""
    return Message.objects.get(channel="slack")


def asked(run_id: UUID) -> InputRequest:
    return InputRequest.objects.get(run=run_id)
