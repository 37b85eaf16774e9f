"""A word for the next page of the queue: what was done, and what could not be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest

KEY = "queue_word"


@dataclass(frozen=True, slots=True)
class Word:
    """`problems` are the requests with which something went wrong, each with the reason."""

    said: str = ""
    problems: dict[UUID, str] = field(default_factory=dict)


def leave(request: HttpRequest, said: str, problems: Mapping[UUID, str]) -> None:
    told = {str(pk): reason for pk, reason in problems.items()}
    request.session[KEY] = {"said": said, "problems": told}


def take(request: HttpRequest) -> Word:
    """Read it once. A page without one leaves the session alone."""
    kept = request.session.pop(KEY, None) if KEY in request.session else None
    if kept is None:
        return Word()
    problems = {UUID(pk): reason for pk, reason in kept["problems"].items()}
    return Word(kept["said"], problems)
