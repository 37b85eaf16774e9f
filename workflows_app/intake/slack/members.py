"""Who a member of a Slack team is here: a user, and nobody with more rights than he has."""

import logging
from collections.abc import Mapping
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User

from workflows_app.models import SlackIdentity, SlackWorkspace
from workflows_app.notify.slack.api import SlackError, SlackRefusedError, call

from .press_payload import Member

log = logging.getLogger(__name__)

QUICK = 1.0
"""Seconds for a call while somebody waits, who is to hear something within three."""


class NotToldError(Exception):
    """Slack did not tell in time who this member is."""


def find_user(workspace: SlackWorkspace, member: Member) -> User | None:
    """The user of a member; None for whom nobody has made known. Raises NotToldError."""
    known = SlackIdentity.objects.select_related("user").filter(
        team_id=member.team, slack_user=member.user
    )
    identity = known.first()
    if identity is not None:
        return identity.user if identity.user.is_active else None
    is_at_home = member.team == workspace.team_id
    if not workspace.matches_email or not is_at_home:
        return None
    return _match(workspace, member)


def _match(workspace: SlackWorkspace, member: Member) -> User | None:
    """The one user with the address that Slack has confirmed; he is known from now on."""
    address = _find_address(_ask(workspace, member), member)
    if address is None:
        return None
    users = list(User.objects.filter(email__iexact=address, is_active=True)[:2])
    if len(users) != 1:
        return None
    SlackIdentity.objects.get_or_create(
        team_id=member.team,
        slack_user=member.user,
        defaults={"user": users[0], "matched_by": SlackIdentity.Source.EMAIL},
    )
    log.info("Took Slack's member %s for user %s", member.user, users[0].pk)
    return users[0]


def _ask(workspace: SlackWorkspace, member: Member) -> Mapping[str, Any]:
    try:
        reply = async_to_sync(call)(
            workspace.bot_token, "users.info", {"user": member.user}, seconds=QUICK
        )
    except SlackRefusedError as refused:
        log.warning("Could not look up a member of %s: %s", workspace.name, refused)
        return {}
    except SlackError as error:
        raise NotToldError(str(error)) from None
    told = reply.get("user")
    return told if isinstance(told, dict) else {}


def _find_address(told: Mapping[str, Any], member: Member) -> str | None:
    """The confirmed address of a member who is no guest, no program, and not gone."""
    odd = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    is_he = told.get("id") == member.user and told.get("team_id") == member.team
    if not is_he or any(told.get(name) for name in odd):
        return None
    profile = told.get("profile")
    address = profile.get("email") if isinstance(profile, dict) else None
    is_sure = told.get("is_email_confirmed") is True
    return address if is_sure and isinstance(address, str) and "@" in address else None
