"""Whether somebody may go on listening: his session, and what he may see."""

from dataclasses import dataclass
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest

from review_app.live_topics import Topics
from workflows_app import access

SIGNED_OUT, NOT_YOURS = 4401, 4403


class CloseError(Exception):
    """The socket must be closed, and the code tells the page why."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(str(code))


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens, and the session that says so."""

    user_id: int
    session_key: str | None

    def newest_numbers(self, topics: Topics) -> dict[UUID, int]:
        """The last number of each run. Raises CloseError when something is not his."""
        user = self._find_user()
        if user is None:
            raise CloseError(SIGNED_OUT)
        runs, requests = topics.runs, topics.requests
        seen = access.visible_runs(user).filter(pk__in=runs)
        newest = dict(seen.values_list("pk", "last_number")) if runs else {}
        asked = access.visible_requests(user).filter(pk__in=requests)
        if len(newest) < len(runs) or (requests and asked.count() < len(requests)):
            raise CloseError(NOT_YOURS)
        return newest

    def _find_user(self) -> User | None:
        """The person as he is now; None after sign-out, or with another password."""
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        if user is None or self.session_key is None:
            return user
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(
            self.session_key
        )
        return user if get_user(request).pk == user.pk else None
