"""Inside the process of an isolated step: its body, and its line to the executor."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping
from threading import Lock
from typing import Any

from django.db import connections

from workflows_app.engine import registry
from workflows_app.engine.attempt_text import (
    dump_outcome,
    dump_record,
    load_attempt,
    load_stored,
)
from workflows_app.engine.body import Body, Ended
from workflows_app.engine.context import Cut
from workflows_app.engine.errors import EngineError
from workflows_app.engine.session import Sessions
from workflows_app.engine.state import EventRecord
from workflows_app.engine.ticks import StepCompleted
from workflows_app.stream.wakeup import notifier


class SocketLink:
    """The link of a body to its run, through its executor. Used from any thread."""

    def __init__(self, line: socket.socket) -> None:
        self._socket = line
        self._lines = line.makefile("rb")
        self._saying, self._asking = Lock(), Lock()

    def write(self, record: EventRecord) -> None:
        self.say({"kind": "write", "record": dump_record(record)})

    def remember(self, key: str, text: str) -> None:
        with self._asking:
            self.say({"kind": "remember", "key": key, "text": text})
            reply = self.hear()
        if reply["kind"] == "cut":
            raise Cut
        if reply["kind"] == "failed":
            raise EngineError(reply["message"])

    async def remember_async(self, key: str, text: str) -> None:
        await asyncio.to_thread(self.remember, key, text)

    def wait_begins(self, reason: str, limit: float | None) -> None:
        self.say({"kind": "wait", "reason": reason, "limit": limit})

    def wait_ends(self) -> None:
        self.say({"kind": "go"})

    def say(self, what: Mapping[str, Any]) -> None:
        with self._saying:
            self._socket.sendall(json.dumps(what).encode() + b"\n")

    def hear(self) -> dict[str, Any]:
        """Raises ConnectionError when there is nobody to speak any more."""
        line = self._lines.readline()
        if not line:
            raise ConnectionError
        said: dict[str, Any] = json.loads(line)
        return said

    def hear_attempt(self) -> bytes:
        return self._lines.readline()


def run(line: socket.socket) -> None:
    """Run one attempt, tell what became of it, and leave without further ado.

    Leaving by `os._exit` skips what the fork server has registered for its own end.
    """
    link = SocketLink(line)
    try:
        attempt = load_attempt(link.hear_attempt())
        workflow = registry.find_workflow(attempt.workflow_name)
        body = Body(workflow, attempt, link, Sessions())
        link.say({"kind": "begun"})
        _serve(body, link)
    except ConnectionError:
        pass  # the executor is gone, or has heard enough
    connections.close_all()
    notifier.flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _serve(body: Body, link: SocketLink) -> None:
    ended = _run(body)
    _tell(ended, link)
    while True:
        fresh = load_stored(link.hear()["fresh"])
        assert isinstance(ended.tick, StepCompleted)
        ended = body.redo(ended.tick, fresh)
        _tell(ended, link)


def _run(body: Body) -> Ended:
    """Tasks that an async body leaves behind end with the process."""
    if not body.is_async:
        return body.run()
    return asyncio.new_event_loop().run_until_complete(body.run_async())


def _tell(ended: Ended, link: SocketLink) -> None:
    link.say({"kind": "outcome", **dump_outcome(ended.tick)})
