"""Bring what a channel sees of a request up to date: post it once, then only change it."""

import asyncio
from typing import Any

from workflows_app.notify.outbox import Claimed, Fate
from workflows_app.notify.threads import in_thread

from . import cards
from .api import SlackBusyError, SlackError, SlackRefusedError, SlackUnclearError, call
from .cards import BusyCardError, NoChannelError, Turn

WHOLE = 45.0
"""Seconds for all calls of one turn, which is less than a turn lasts."""

EVENT = "holdpoint_request"
"""The type of the metadata by which a message is found again."""

PAGE, MOST_PAGES = 200, 10
AROUND = 60
"""Seconds before the first attempt from which on it is looked for: clocks differ."""

ADVICE = {
    "channel_not_found": "Is the channel ID right, and the app invited?",
    "not_in_channel": "Invite the app to the channel.",
    "is_archived": "The channel is archived.",
    "message_not_found": "Somebody deleted the message in Slack; it can be posted anew.",
    "cant_update_message": "Another app posted the message; it can be posted anew.",
    "missing_scope": "Give the app the scopes of docs/slack.md and install it again.",
    "invalid_auth": "The bot token does not count; put in a new one.",
    "account_inactive": "The bot token does not count any more; put in a new one.",
    "token_revoked": "The bot token was revoked; put in a new one.",
}
"""What an operator can do about what Slack says."""

LITERAL = {"parse": "none", "link_names": "false"}
"""Nothing in people's text becomes a mention or a link."""

ALWAYS = {**LITERAL, "unfurl_links": "false", "unfurl_media": "false"}
"""And Slack fetches no page that a new message leads to."""


async def send(claimed: Claimed) -> Fate:
    """Let the channel see the request as it is now."""
    try:
        turn = await in_thread(cards.take_turn, claimed.message)
    except BusyCardError as busy:
        return Fate("retry", str(busy), after=busy.seconds)
    except NoChannelError as off:
        return Fate("failed", str(off))
    try:
        async with asyncio.timeout(WHOLE):
            return await _show(turn)
    except SlackBusyError as busy:
        await in_thread(cards.pause, turn, busy.seconds)
        return Fate("retry", str(busy), after=busy.seconds)
    except SlackRefusedError as refused:
        advice = ADVICE.get(refused.code, "")
        return Fate("failed", f"{refused} {advice}".strip())
    except (SlackError, TimeoutError) as error:
        return Fate("retry", str(error) or "Slack took too long.")
    finally:
        await in_thread(cards.end_turn, turn)


async def _show(turn: Turn) -> Fate:
    """Find it, or post it, or change it: whichever is left to do."""
    if turn.is_shown:
        return Fate("delivered", "Slack shows it already.")
    ts = turn.ts or await _find(turn)
    if not ts and not turn.is_open:
        return Fate("superseded", "It was decided before anybody was told.")
    if not ts:
        await _post(turn)
        return Fate("delivered", "Posted.")
    await _call(turn, "chat.update", ts=ts, **turn.drawn, **LITERAL)
    await in_thread(cards.shows, turn)
    return Fate("delivered", f"Shows that it is {turn.status}.")


async def _post(turn: Turn) -> None:
    """Post it. From the beginning of the call until its reply nobody knows."""
    await in_thread(cards.begin_to_post, turn)
    metadata = {"event_type": EVENT, "event_payload": {"request": turn.request}}
    try:
        reply = await _call(
            turn, "chat.postMessage", **turn.drawn, **ALWAYS, metadata=metadata
        )
    except SlackUnclearError:
        raise
    except SlackError:
        await in_thread(cards.was_not_posted, turn)
        raise
    await in_thread(cards.is_there, turn, _ts_of(reply))
    await in_thread(cards.shows, turn)


async def _find(turn: Turn) -> str:
    """The name of a message that was perhaps posted; empty if it was not.

    A message is never posted a second time before Slack has said that there is none.
    """
    if turn.tried_at is None:
        return ""
    cursor, oldest = "", f"{turn.tried_at.timestamp() - AROUND:.6f}"
    for _ in range(MOST_PAGES):
        reply = await _call(
            turn,
            "conversations.history",
            oldest=oldest,
            limit=str(PAGE),
            include_all_metadata="true",
            cursor=cursor,
        )
        for message in _messages(reply):
            if _is_of(message, turn.request):
                ts = _ts_of(message)
                await in_thread(cards.is_there, turn, ts)
                return ts
        cursor = _next_cursor(reply)
        if not cursor:
            await in_thread(cards.was_not_posted, turn)
            return ""
    raise SlackUnclearError("The channel has too much in it to find the message.")


async def _call(turn: Turn, method: str, **arguments: Any) -> dict[str, Any]:
    return await call(turn.token, method, {"channel": turn.conversation, **arguments})


def _messages(reply: dict[str, Any]) -> list[dict[str, Any]]:
    found = reply.get("messages")
    rows = found if isinstance(found, list) else []
    return [each for each in rows if isinstance(each, dict)]


def _is_of(message: dict[str, Any], request: str) -> bool:
    """Whether it is ours: only apps can give messages metadata."""
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT:
        return False
    payload = metadata.get("event_payload")
    return isinstance(payload, dict) and payload.get("request") == request


def _next_cursor(reply: dict[str, Any]) -> str:
    more = reply.get("response_metadata")
    cursor = more.get("next_cursor") if isinstance(more, dict) else ""
    return cursor if isinstance(cursor, str) else ""


def _ts_of(message: dict[str, Any]) -> str:
    ts = message.get("ts")
    if not isinstance(ts, str) or not 0 < len(ts) <= 32:  # noqa: PLR2004 - our column
        raise SlackUnclearError("Slack did not name the message.")
    return ts
