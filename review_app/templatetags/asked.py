"""How pages write what they tell of requests: counts, names, deadlines."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince, timeuntil

from review_app.queue import due
from review_app.schema_form.place import humanised
from workflows_app.access import MOST_COUNTED
from workflows_app.models import InputRequest, InputResponse
from workflows_app.shown import visible as characters

register = template.Library()

MINUTE = timedelta(minutes=1)


@register.filter
def counted(number: int) -> str:
    """A number as it is shown: "12", or "1,000+" where counting stops."""
    if number > MOST_COUNTED:
        return f"{MOST_COUNTED:,}+"
    return f"{number:,}"


@register.filter
def visible(text: object) -> str:
    """Text from outside on one line, its hidden characters drawn."""
    return characters.visible(str(text))


@register.filter
def spoken(key: str) -> str:
    """A key as words: "manager_ok" is "Manager ok"."""
    return characters.visible(humanised(key))


@register.filter
def short_id(pk: object) -> str:
    """The end of an id, as the run itself gives it."""
    return str(pk)[-8:]


@register.filter
def ago(moment: datetime) -> str:
    """How long ago something was, in one unit: "3 hours ago"."""
    if timezone.now() - moment < MINUTE:
        return "just now"
    return f"{timesince(moment, depth=1)} ago"


@register.filter
def ahead(moment: datetime) -> str:
    """How long it is until then, in one unit: "in 3 hours"."""
    if moment - timezone.now() < MINUTE:
        return "any moment"
    return f"in {timeuntil(moment, depth=1)}"


@register.filter
def due_state(asked: InputRequest) -> str:
    """How pressing a request is now: "none", "ok", "soon" or "late"."""
    return due.due_state(asked, timezone.now())


@register.filter
def who_answered(response: InputResponse) -> str:
    """Who gave an answer; a deadline is no person."""
    if response.responder_kind == "deadline":
        return "the deadline"
    name = response.user.get_full_name() if response.user else ""
    return characters.visible(name or response.responder)
