"""What the frame of every page shows: how many questions wait for this person."""

from typing import Any

from django.http import HttpRequest

from workflows_app import access


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the navigation needs; nothing for those who are not signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "open_count": access.count_answerable(user),
        "may_start": access.may_start(user),
    }
