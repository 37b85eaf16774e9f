"""Comments: what people say to each other about a request."""

import re
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from workflows_app import access
from workflows_app.engine.errors import InvalidResponseError, UnknownRequestError
from workflows_app.models import Comment, InputRequest
from workflows_app.stream.wakeup import QUEUE, notifier, request_topic

LONGEST = 5000
MOST_MENTIONS = 20
MENTION = re.compile(r"(?<![\w@])@([\w.@+-]*\w)")
"""`@name`, with the characters of user names; a full stop ends the sentence."""


def say(user: User, pk: UUID, text: str) -> Comment:
    """Say something about a request, to all who see it. It is no answer.

    Raises UnknownRequestError for what the user may not see, and InvalidResponseError
    for a text that is empty or too long.
    """
    asked = access.visible_requests(user).filter(pk=pk).first()
    if asked is None:
        raise UnknownRequestError
    text = text.replace("\0", "␀").replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST:
        what = f"Write something, in at most {LONGEST:,} characters."
        raise InvalidResponseError([(("text",), what)])
    with transaction.atomic():
        said = Comment.objects.create(
            request=asked, author=user, text=text, mentions=_mentioned(asked, text)
        )
        transaction.on_commit(lambda: notifier.send([request_topic(pk), QUEUE]))
    return said


def _mentioned(asked: InputRequest, text: str) -> list[str]:
    """Who is addressed, as far as he may see the request at all."""
    names = list(dict.fromkeys(MENTION.findall(text)))[:MOST_MENTIONS]
    people = User.objects.filter(username__in=names, is_active=True)
    return sorted(
        person.get_username()
        for person in people
        if access.visible_requests(person).filter(pk=asked.pk).exists()
    )
