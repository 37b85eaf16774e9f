"""What a mail says: a request in short, and where it is decided.

All text of other people is masked and made visible as on pages, and cut: the whole of it
is behind the link.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from workflows_app.models import InputRequest, Kind, Message
from workflows_app.runtime.occasions import DELEGATED
from workflows_app.shown.redaction import masked
from workflows_app.shown.visible import visible

LONGEST_SUBJECT = 120
LONGEST_PROMPT = 1_500
LONGEST_VALUE = 200
MOST_FACTS = 12

REASONS = {
    Kind.OPENED: "asked",
    Kind.ESCALATED: "still undecided",
    DELEGATED: "handed to you",
}
"""The word before the subject: why there is a mail at all."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the link leads: to an answer without an account, if it is for one use."""

    address: str
    is_for_one_use: bool
    needs_sign_in: bool


def write(message: Message, asked: InputRequest, way: Way) -> EmailMultiAlternatives:
    """The mail to a person, in plain text and in simple HTML."""
    assert message.person is not None, "mails are for people alone"
    facts = _facts(message, asked, way)
    letter = EmailMultiAlternatives(
        subject=subject_of(message.kind, asked.subject),
        body=render_to_string("mail/request.txt", facts),
        to=[message.person.email],
        headers=_headers(message),
    )
    letter.attach_alternative(render_to_string("mail/request.html", facts), "text/html")
    return letter


def subject_of(kind: str, subject: str) -> str:
    """One line that is nothing but text, whatever the subject holds."""
    line = _line(subject, LONGEST_SUBJECT) or "(no subject)"
    return f"[Holdpoint: {REASONS.get(kind, 'asked')}] {line}"


def _headers(message: Message) -> dict[str, str]:
    """The id is the same at each attempt: mail servers show what comes twice once."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "holdpoint"
    return {
        "Message-ID": f"<{message.idempotency_key}@{host}>",
        "Auto-Submitted": "auto-generated",
    }


def _facts(message: Message, asked: InputRequest, way: Way) -> dict[str, Any]:
    content = asked.content
    return {
        "reason": REASONS.get(message.kind, "asked"),
        "subject": _line(asked.subject, LONGEST_SUBJECT) or "(no subject)",
        "prompt": _cut(_shown(content["prompt"]), LONGEST_PROMPT),
        "facts": list(_rows(content["metadata"])),
        "has_more": bool(content["display"]),
        "outcomes": [
            _line(each["label"], LONGEST_VALUE) for each in content["outcomes"]
        ],
        "workflow": _line(asked.workflow, LONGEST_VALUE),
        "until": asked.expires_at,
        "way": way,
        "preferences": f"{settings.PUBLIC_URL}/preferences/",
    }


def _rows(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is told beside the question, if it is short; the rest is on the page."""
    for name, value in list(masked(metadata).items())[:MOST_FACTS]:
        if not isinstance(value, dict | list | tuple):
            text = "–" if value is None else str(value)  # noqa: RUF001 - no value
            yield _line(name, LONGEST_VALUE), _line(text, LONGEST_VALUE)


def _shown(text: object) -> str:
    return visible(masked(str(text))).strip()


def _line(text: object, most: int) -> str:
    return _cut(" ".join(_shown(text).split()), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
