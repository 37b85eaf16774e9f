"""What the frame of every page shows to the person who is signed in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from review_app.preferences import preferences_of
from review_app.queue.counting import count_ready
from review_app.undo import undoable
from workflows_app import access


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame needs; nothing for those who are not signed in.

    What costs a query is only looked up where it is shown: fragments have no frame, and
    a page that is swapped in comes into one that is there.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "has_frame": bool(request.headers.get("HX-Request")),
        "waits_for_me": SimpleLazyObject(lambda: count_ready(user)),
        "preferences": preferences_of(user),
        "may_start": access.may_start(user),
        "may_see_dashboard": access.may_see_dashboard(user),
        "undoable": SimpleLazyObject(lambda: undoable(user)),
    }
