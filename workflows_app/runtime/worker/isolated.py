"""Steps with a process of their own, as their executor sees them (R37).

A fork server, started with the executor, has Django and the flows loaded; each attempt
is forked from it. What they say to each other is lines of JSON.
"""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from workflows_app.engine.attempt_text import (
    dump_attempt,
    dump_stored,
    load_outcome,
    load_record,
)
from workflows_app.engine.body import Ended
from workflows_app.engine.context import Cut, Link
from workflows_app.engine.run_state import Stored
from workflows_app.engine.ticks import StepCompleted

from .execute import BodyLost, Granted
from .process import child_environment

log = logging.getLogger(__name__)

LONGEST_LINE = 2**30
LONGEST_START = 30.0
"""Seconds after which a process that has not begun counts as lost."""

LAST_WORDS = 0.5
"""Seconds from the end of a process within which what it had said has arrived."""


class Isolation:
    """The fork server of an executor. Used on the executor's loop, in its main thread."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._bodies: dict[int, IsolatedBody] = {}
        self._last = 0
        self._rest = b""

    def prepare(self) -> None:
        """Start the server, if it does not run; it is ready for work about a second later."""
        if self._control is not None:
            return
        self._control, theirs = socket.socketpair()
        arguments = ["isolator", str(theirs.fileno()), str(os.getpid())]
        self._server = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "django", *arguments],
            pass_fds=[theirs.fileno()],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._control.setblocking(False)
        asyncio.get_running_loop().add_reader(self._control, self._hear)

    def start(
        self, granted: Granted, link: Link, begun: Callable[[], None]
    ) -> "IsolatedBody":
        self.prepare()
        self._last += 1
        ours, theirs = socket.socketpair()
        with theirs:
            self._tell("fork", self._last, theirs)
        body = IsolatedBody(self, self._last, link, begun)
        self._bodies[self._last] = body
        body.begin(granted, ours)
        return body

    def kill(self, number: int) -> None:
        """Only the server, being the parent, knows whether the process is still there."""
        self._bodies.pop(number, None)
        self._tell("kill", number)

    def forget(self, number: int) -> None:
        self._bodies.pop(number, None)

    def _tell(self, kind: str, number: int, body: socket.socket | None = None) -> None:
        line = json.dumps({"kind": kind, "number": number}).encode() + b"\n"
        fds = [] if body is None else [body.fileno()]
        if self._control is None:
            return  # the server is gone, and all its processes with it
        try:
            socket.send_fds(self._control, [line], fds)
        except OSError:
            self._lose_server()

    def _hear(self) -> None:
        assert self._control is not None
        try:
            heard = self._control.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self._lose_server()
            return
        *lines, self._rest = (self._rest + heard).split(b"\n")
        for line in lines:
            said = json.loads(line)
            body = self._bodies.pop(said["number"], None)
            if body is not None:
                body.has_died(f"its process ended with status {said['status']}")

    def _lose_server(self) -> None:
        if self._control is None or self._server is None:
            return
        log.error("The fork server %s ended; the next step starts it", self._server.pid)
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._control, self._rest = None, b""
        self._server.kill()
        self._server.wait()
        bodies, self._bodies = self._bodies, {}
        for body in bodies.values():
            body.has_died("the fork server ended")


class IsolatedBody:
    """A body in a process of its own: its conversation with the run."""

    has_begun = True
    is_stalled = False

    def __init__(
        self,
        isolation: Isolation,
        number: int,
        link: Link,
        begun: Callable[[], None],
    ) -> None:
        self.outcome: Future[Ended] = Future()
        self._isolation = isolation
        self._number = number
        self._link = link
        self._begun = begun
        self._starting = asyncio.get_running_loop().call_later(
            LONGEST_START, self._settle, BodyLost("its process did not start")
        )
        self._again: Future[Ended] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._talk: asyncio.Task[None] | None = None

    def begin(self, granted: Granted, line: socket.socket) -> None:
        self._talk = asyncio.create_task(self._converse(granted, line))

    def cancel(self) -> None:
        """Nobody but its own process is in it: it is killed at once."""
        self._isolation.kill(self._number)
        self._settle(BodyLost("its process was killed"))

    def redo(self, done: StepCompleted, fresh: Mapping[str, Stored]) -> "Future[Ended]":
        self._again = Future()
        self._say({"kind": "redo", "fresh": dump_stored(fresh)})
        return self._again

    def close(self) -> None:
        """Its process ends by itself as soon as nobody listens any more."""
        if self._talk is not None:
            self._talk.cancel()
        self._starting.cancel()
        self._isolation.forget(self._number)

    def has_died(self, how: str) -> None:
        """What it said last may still be on its way."""
        loop = asyncio.get_running_loop()
        loop.call_later(LAST_WORDS, self._settle, BodyLost(how))

    async def _converse(self, granted: Granted, line: socket.socket) -> None:
        reader, self._writer = await asyncio.open_connection(
            sock=line, limit=LONGEST_LINE
        )
        try:
            self._writer.write(dump_attempt(granted.attempt).encode() + b"\n")
            while said := await reader.readline():
                await self._listen(json.loads(said))
        except (OSError, asyncio.IncompleteReadError):
            pass  # it ended, as it does without a word, too
        finally:
            self._writer.close()
            self._settle(BodyLost("its process ended without a word"))

    async def _listen(self, said: Mapping[str, Any]) -> None:
        match said["kind"]:
            case "begun":
                self._starting.cancel()
                self._begun()
            case "write":
                self._link.write(load_record(said["record"]))
            case "remember":
                await self._remember(said["key"], said["text"])
            case "wait":
                self._link.wait_begins(said["reason"], said["limit"])
            case "go":
                self._link.wait_ends()
            case "outcome":
                self._end(Ended(load_outcome(said)))
            case _:
                raise ValueError(f"A body's process said {said['kind']!r}.")

    async def _remember(self, key: str, text: str) -> None:
        """The body waits for this reply before it goes on."""
        try:
            await self._link.remember_async(key, text)
        except Cut:
            self._say({"kind": "cut"})
        except Exception as error:  # noqa: BLE001 - raised in the body
            self._say({"kind": "failed", "message": str(error)})
        else:
            self._say({"kind": "stored"})

    def _say(self, what: Mapping[str, Any]) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(json.dumps(what).encode() + b"\n")

    def _end(self, ended: Ended) -> None:
        future = self.outcome if self._again is None else self._again
        if not future.done():
            future.set_result(ended)

    def _settle(self, error: BodyLost) -> None:
        for future in (self.outcome, self._again):
            if future is not None and not future.done():
                future.set_exception(error)
