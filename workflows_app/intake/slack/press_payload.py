"""What Slack tells of a press, as far as it is one of a button of ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows_app.notify.slack.buttons import ACTION, Press

_ID = re.compile(r"[A-Z][A-Z0-9]{5,20}")
_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in Slack: an id counts within its team."""

    team: str
    user: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours that somebody pressed, and the message in which it was."""

    press: Press
    member: Member
    conversation: str
    ts: str


def read_pressed(payload: Mapping[str, Any]) -> Pressed | None:
    """None for whatever else has been done: followed a link, pressed something strange."""
    press = _find_press(payload.get("actions"))
    user, container = _part(payload, "user"), _part(payload, "container")
    team = user.get("team_id") or _part(payload, "team").get("id")
    conversation = container.get("channel_id") or _part(payload, "channel").get("id")
    ts = container.get("message_ts")
    names = (team, user.get("id"), conversation)
    if press is None or not all(map(_is_id, names)) or not _is_ts(ts):
        return None
    return Pressed(press, Member(str(team), str(names[1])), str(conversation), str(ts))


def _find_press(actions: object) -> Press | None:
    """Slack tells of one action at a time."""
    if not isinstance(actions, list) or len(actions) != 1:
        return None
    action = actions[0] if isinstance(actions[0], dict) else {}
    name = action.get("action_id")
    is_ours = isinstance(name, str) and name.startswith(ACTION)
    return Press.read(action.get("value")) if is_ours else None


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = payload.get(name)
    return part if isinstance(part, dict) else {}


def _is_id(text: object) -> bool:
    return isinstance(text, str) and bool(_ID.fullmatch(text))


def _is_ts(text: object) -> bool:
    return isinstance(text, str) and bool(_TS.fullmatch(text))
