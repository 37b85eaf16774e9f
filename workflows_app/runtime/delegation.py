"""Handing a request to another person, with all that belongs to it."""

from uuid import UUID

from django.contrib.auth.models import User

from workflows_app import access
from workflows_app.engine.errors import NotAllowedError, UnknownRequestError
from workflows_app.engine.ticks import Delegated

from . import answer_links, claims
from .request_ends import find_end, get_request
from .transition import Applied, apply


def delegate(
    run_id: UUID, request_id: str, user: User, *, to: str, reason: str = ""
) -> Applied:
    """Hand a request to another person, who finds it free.

    Raises NotAllowedError for who may not, and what an answer raises when it is too late.
    """
    asked = get_request(run_id, request_id)
    if not User.objects.filter(username=to, is_active=True).exists():
        raise NotAllowedError(f"There is nobody called {to!r:.160} here.")
    tick = Delegated(request_id, access.responder(user), to, reason)

    def let_go(applied: Applied) -> None:
        claims.release(user, asked.pk)
        answer_links.revoke_all(asked)

    try:
        return apply(asked.run_id, tick, beside=let_go)
    except UnknownRequestError as refusal:
        asked.refresh_from_db()
        raise find_end(asked) or refusal from refusal
