"""Stands for Slack: the methods of `slack_sdk.WebClient` that a flow uses, on a file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ._review import ReviewComplete, data_folder

YES, NO = "white_check_mark", "x"
"""The reactions with which people decide; a reply in the thread is the note."""

CREATE = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, channel TEXT, text TEXT, user TEXT,
    thread TEXT, client_msg_id TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS reactions (ts TEXT, name TEXT, user TEXT);
"""


class FakeSlack:
    """`slack.sqlite3`. What the methods take and return is shaped as Slack's."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or data_folder()) / "slack.sqlite3"

    def chat_postMessage(  # noqa: N802 - slack_sdk's name and arguments
        self,
        *,
        channel: str,
        text: str,
        client_msg_id: str | None = None,
        thread_ts: str | None = None,
        username: str = "holdpoint",
    ) -> dict[str, Any]:
        """Post a message; a `client_msg_id` that is known gives the message it made."""
        with self._open() as slack:
            slack.execute(
                "INSERT INTO messages (channel, text, user, thread, client_msg_id)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (channel, text, username, thread_ts, client_msg_id),
            )
            (number,) = slack.execute(
                "SELECT number FROM messages WHERE client_msg_id = ?"
                " UNION ALL SELECT max(number) FROM messages",
                (client_msg_id,),
            ).fetchone()
        return {"ok": True, "channel": channel, "ts": _ts(number)}

    def reactions_get(self, *, channel: str, timestamp: str) -> dict[str, Any]:
        with self._open() as slack:
            rows = slack.execute(
                "SELECT name, user FROM reactions WHERE ts = ? ORDER BY rowid",
                (timestamp,),
            ).fetchall()
        names = dict.fromkeys(name for name, _ in rows)
        reactions = [
            {"name": name, "users": [user for n, user in rows if n == name]}
            for name in names
        ]
        return {"ok": True, "message": {"ts": timestamp, "reactions": reactions}}

    def conversations_replies(self, *, channel: str, ts: str) -> dict[str, Any]:
        """The message, and the replies in its thread."""
        with self._open() as slack:
            rows = slack.execute(
                "SELECT number, user, text FROM messages"
                " WHERE number = ? OR thread = ? ORDER BY number",
                (ts.partition(".")[0], ts),
            ).fetchall()
        messages = [
            {"ts": _ts(n), "user": user, "text": text} for n, user, text in rows
        ]
        return {"ok": True, "messages": messages}

    # What people do in Slack

    def pending(self) -> dict[str, str]:
        """The questions that nobody has reacted to, by the time stamp of their message."""
        with self._open() as slack:
            rows = slack.execute(
                "SELECT number, text FROM messages WHERE thread IS NULL ORDER BY number"
            ).fetchall()
            decided = {ts for (ts,) in slack.execute("SELECT ts FROM reactions")}
        return {_ts(n): text for n, text in rows if _ts(n) not in decided}

    def decide(self, ts: str, decision: ReviewComplete) -> None:
        """Reply in the thread, then react."""
        if decision.note:
            self.chat_postMessage(
                channel="", text=decision.note, thread_ts=ts, username=decision.reviewer
            )
        self._react(ts, YES if decision.approved else NO, decision.reviewer)

    def _react(self, ts: str, name: str, user: str) -> None:
        with self._open() as slack:
            slack.execute("INSERT INTO reactions VALUES (?, ?, ?)", (ts, name, user))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of one transaction."""
        with closing(sqlite3.connect(self._path, timeout=10)) as slack, slack:
            slack.executescript(CREATE)
            yield slack


def _ts(number: int) -> str:
    """As Slack names a message: by a time, as text."""
    return f"{number}.000100"
