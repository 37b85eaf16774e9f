"""A Slack of our own on this machine: a few methods of its API, over real HTTP.

It refuses what Slack refuses, and does as it is told where Slack is slow, busy or away.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import time
from typing import Any, Literal
from urllib.parse import parse_qsl

from tests.intake import signing
from tests.slack.block_kit import actions_of, problems

TOKEN = "xoxb-2345-abcdef"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TEAM, CHANNEL = "T0ABCDEF1", "C0ABCDEF1"
ANA = "U0ANA0001"

Fault = Literal["busy", "broken", "lost", "hang", "gone"]
"""429; 500; done, but the reply is lost; done, but the reply never ends; cut off before."""


@dataclass
class Slack:
    """What is in the channels, and who asked for what."""

    port: int = 0
    channels: set[str] = field(default_factory=lambda: {CHANNEL})
    messages: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    whispers: list[dict[str, str]] = field(default_factory=list)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    scopes: set[str] = field(default_factory=lambda: {"chat", "users", "conversations"})
    closing: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def message(self) -> dict[str, Any]:
        """The only message that there is."""
        (message,) = self.messages.values()
        return message

    def add_member(self, user: str, email: str, **more: Any) -> None:
        known = {"id": user, "team_id": TEAM, "is_email_confirmed": True}
        self.members[user] = {**known, "profile": {"email": email}, **more}

    def answer(
        self, method: str, token: str, given: Mapping[str, str]
    ) -> dict[str, Any]:
        """What Slack replies to a call."""
        with self.lock:
            self.calls.append(method)
            if token != f"Bearer {TOKEN}":
                return _no("invalid_auth")
            if method.partition(".")[0] not in self.scopes | {"auth"}:
                return _no("missing_scope")
            act = getattr(self, f"_{method.replace('.', '_')}", None)
            return act(given) if act else _no("unknown_method")

    # Methods

    def _auth_test(self, _: Mapping[str, str]) -> dict[str, Any]:
        return {"ok": True, "team_id": TEAM, "user": "holdpoint"}

    def _chat_postMessage(self, given: Mapping[str, str]) -> dict[str, Any]:  # noqa: N802 - Slack's name
        if given["channel"] not in self.channels:
            return _no("not_in_channel")
        message = self._read(given)
        if problems(message):
            return _no("invalid_blocks")
        ts = f"{time():.0f}.{len(self.messages):06d}"
        metadata = json.loads(given.get("metadata", "null"))
        stored = {**message, "ts": ts, "metadata": metadata}
        self.messages[given["channel"], ts] = stored
        return {"ok": True, "channel": given["channel"], "ts": ts}

    def _chat_update(self, given: Mapping[str, str]) -> dict[str, Any]:
        known = self.messages.get((given["channel"], given["ts"]))
        message = self._read(given)
        if known is None:
            return _no("message_not_found")
        if problems(message):
            return _no("invalid_blocks")
        known.update(message)
        return {"ok": True, "channel": given["channel"], "ts": given["ts"]}

    def _chat_postEphemeral(self, given: Mapping[str, str]) -> dict[str, Any]:  # noqa: N802 - Slack's name
        self.whispers.append(dict(given))
        return {"ok": True, "message_ts": f"{time():.6f}"}

    def _conversations_history(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The newest first, two on a page, metadata only for whoever asks for it."""
        oldest, start = float(given["oldest"]), int(given.get("cursor") or 0)
        found = [
            message
            for (channel, ts), message in reversed(self.messages.items())
            if channel == given["channel"] and float(ts) > oldest
        ]
        if given.get("include_all_metadata") != "true":
            found = [{**message, "metadata": None} for message in found]
        page, more = found[start : start + 2], start + 2 < len(found)
        following = {"next_cursor": str(start + 2) if more else ""}
        return {"ok": True, "messages": page, "response_metadata": following}

    def _users_info(self, given: Mapping[str, str]) -> dict[str, Any]:
        member = self.members.get(given["user"])
        return {"ok": True, "user": member} if member else _no("user_not_found")

    def _read(self, given: Mapping[str, str]) -> dict[str, Any]:
        bare = {"type": "section", "text": {"type": "mrkdwn", "text": given["text"]}}
        blocks = json.loads(given["blocks"]) if "blocks" in given else [bare]
        return {"text": given["text"], "blocks": blocks}

    # What people do

    def pressed(
        self, label: str, member: str = ANA, *, team: str = TEAM, **more: Any
    ) -> dict[str, Any]:
        """The payload of a press of a button of the only message."""
        ((channel, ts), message), *_ = self.messages.items()
        action = next(a for a in actions_of(message) if a["text"]["text"] == label)
        return press_payload(action, channel, ts, member, team=team, **more)


def press_payload(  # noqa: PLR0913 - one for each thing that Slack tells
    action: Mapping[str, Any],
    channel: str,
    ts: str,
    member: str = ANA,
    *,
    team: str = TEAM,
    at: float | None = None,
) -> dict[str, Any]:
    """As Slack tells of a press; the values are made up."""
    moment = f"{time() if at is None else at:.6f}"
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": member, "username": "someone", "team_id": team},
        "api_app_id": "A0ABCDEF1",
        "token": "legacy",
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "is_ephemeral": False,
        },
        "channel": {"id": channel, "name": "decisions"},
        "trigger_id": f"{moment}.1",
        "response_url": "https://169.254.169.254/latest/meta-data/",
        "actions": [{**action, "block_id": "b", "action_ts": moment}],
    }


def signed(body: bytes, now: int | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers by which Slack proves that it sent this."""
    return signing.slack(body, int(time()) if now is None else now, secret)


def _no(code: str) -> dict[str, Any]:
    return {"ok": False, "error": code}


class _Server(ThreadingHTTPServer):
    slack: Slack
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def slack(self) -> Slack:
        assert isinstance(self.server, _Server)
        return self.server.slack

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        given = dict(parse_qsl(body.decode(), keep_blank_values=True))
        method = self.path.removeprefix("/api/")
        fault = self.slack.faults.popleft() if self.slack.faults else None
        if fault in ("busy", "broken", "gone"):
            self.slack.calls.append(f"{method}!")
            self._fail(fault)
            return
        token = self.headers.get("Authorization", "")
        reply = self.slack.answer(method, token, given)
        if fault == "hang":
            self.slack.closing.wait(20)
        if fault is None:
            self._reply(200, json.dumps(reply).encode())
        self.close_connection = True

    def _fail(self, fault: str) -> None:
        if fault == "busy":
            self._reply(429, b"", ("Retry-After", "7"))
        elif fault == "broken":
            self._reply(500, b"<html>oops")
        self.close_connection = True

    def _reply(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Slack]:
    """A Slack that answers until the end of the block."""
    slack = Slack()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.slack = slack
        slack.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield slack
        slack.closing.set()
        server.shutdown()
        thread.join()
