"""An executor as its supervisor sees it: a process, and what it says it is running."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from time import monotonic
from typing import Any

from .held import Held, Key
from .process import child_environment, identity

log = logging.getLogger(__name__)


class Child:
    """Starts an executor, listens to its pipe and gives it orders. For the main thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pipe, theirs = os.pipe()
        os.set_blocking(self._pipe, False)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "django", "executor", str(theirs), str(os.getpid())],
            pass_fds=[theirs],
            env=child_environment(),
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the supervisor
        )
        os.close(theirs)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self.pid = self._process.pid
        self.name = str(identity(self.pid))
        self.was_ready = False
        self.leaving = False
        self.heard_at = monotonic()
        self.searched_at = 0.0
        self._rest = b""
        self._is_killed = self._is_deaf = False
        self._held: dict[Key, Held] = {}
        loop.add_reader(self._pipe, self._hear)

    def held(self) -> list[Held]:
        return list(self._held.values())

    def suspect(self) -> Held | None:
        """What probably ended this process, if it ended by itself: what it began last.

        What it was running beside that is lost through no fault of its own.
        """
        if self.leaving:
            return None
        return max(self.held(), key=lambda held: held.began, default=None)

    def cut(self, held: Held) -> None:
        """Order the executor to stop a body; it may have done so already."""
        line = json.dumps({"kind": "cut", **held.name}).encode() + b"\n"
        orders = self._process.stdin
        assert orders is not None
        if orders.closed:
            return  # it is gone
        try:
            orders.write(line)  # nothing, if it does not listen; it will be killed
        except BrokenPipeError:
            log.info("Executor %s is gone already", self.pid)

    def leave(self) -> None:
        """Take nothing new, finish, exit."""
        if not self.leaving:
            self.leaving = True
            self._process.terminate()

    def kill(self) -> None:
        if not self._is_killed:
            log.warning("Executor %s is stuck: killed", self.pid)
            self._is_killed = True
            self._process.kill()

    def is_silent(self, now: float, seconds: float) -> bool:
        """Whether its main loop has not turned for so long: a step holds the lock."""
        self._hear()  # what it has said already
        return self.was_ready and now > self.heard_at + seconds

    def has_ended(self) -> bool:
        if self._process.poll() is None:
            return False
        self._hear()  # its last words
        return True

    def has_cut(self, now: float, seconds: float) -> bool:
        """Whether a body that was given up is still there after so many seconds."""
        return any(h.cut_at and now > h.cut_at + seconds for h in self._held.values())

    def close(self) -> None:
        self._loop.remove_reader(self._pipe)
        os.close(self._pipe)
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _hear(self) -> None:
        if self._is_deaf:
            return
        try:
            while chunk := os.read(self._pipe, 65536):
                self._rest += chunk
        except BlockingIOError:
            pass
        else:
            self._loop.remove_reader(self._pipe)  # the other end is closed
            self._is_deaf = True
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._note(json.loads(line), monotonic())

    def _note(self, said: dict[str, Any], now: float) -> None:
        self.heard_at = now
        if said["kind"] in {"ready", "alive"}:
            self.was_ready = self.was_ready or said["kind"] == "ready"
            return
        key = said["run"], said["call"], said["attempt"]
        if said["kind"] == "begin":
            self._held[key] = Held.begin(said, now)
        elif said["kind"] == "end":
            self._held.pop(key, None)
        elif key in self._held:
            self._held[key].hear(said, now)
