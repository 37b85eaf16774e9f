"""What a button says, and what a payload may make of it."""

from typing import Any
from uuid import UUID

import pytest

from tests.slack.fake import ANA, CHANNEL, TEAM, press_payload
from workflows_app.intake.slack.press_payload import Member, read_pressed
from workflows_app.notify.slack.buttons import Press, button

PRESS = Press(UUID(int=7), "d" * 64, 1)
ACTION = {"action_id": "decide-1", "type": "button", "value": PRESS.value}
OUTCOME = {"key": "a", "label": "A", "style": "normal", "needs_reason": False}
TS = "1764165720.000100"


def test_a_button_says_what_was_shown() -> None:
    drawn = button(PRESS, {**OUTCOME, "confirm": False})
    assert Press.read(drawn["value"]) == PRESS
    assert "confirm" not in drawn


@pytest.mark.parametrize(
    "value",
    [None, 7, "", "x", PRESS.value + "1" * 4, PRESS.value.upper(), PRESS.value + "\n"],
)
def test_nothing_else_is_a_press(value: object) -> None:
    assert Press.read(value) is None


def test_a_press_tells_who_pressed_what_where() -> None:
    pressed = read_pressed(press_payload(ACTION, CHANNEL, TS))
    assert pressed is not None
    assert pressed.press == PRESS
    assert pressed.member == Member(TEAM, ANA)
    assert (pressed.conversation, pressed.ts) == (CHANNEL, TS)


def _payload(**more: Any) -> dict[str, Any]:
    return {**press_payload(ACTION, CHANNEL, TS), **more}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        _payload(actions=[]),
        _payload(actions="x"),
        _payload(actions=[7]),
        _payload(actions=[ACTION, ACTION]),
        _payload(actions=[{**ACTION, "action_id": "open"}]),
        _payload(actions=[{**ACTION, "value": 7}]),
        _payload(user={}),
        _payload(user=[]),
        _payload(user={"id": "<!channel>", "team_id": TEAM}),
        _payload(user={"id": ANA}, team=None),
        _payload(container=None),
        _payload(container={"message_ts": "now", "channel_id": CHANNEL}),
        _payload(container={"message_ts": 1, "channel_id": CHANNEL}),
        _payload(container={"message_ts": TS, "channel_id": "../.."}),
    ],
)
def test_what_is_not_whole_is_no_press(payload: dict[str, Any]) -> None:
    assert read_pressed(payload) is None
