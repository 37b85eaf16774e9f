"""An executor as its supervisor sees it: a process, and what it says it is running."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings

from .process import identity


@dataclass(slots=True)
class Held:
    """An attempt whose body is running. Limits are in seconds from `began`."""

    run_id: UUID
    call: int
    attempt: int
    limit: float | None
    run_limit: float | None
    began: float
    cut_at: float = 0.0

    def is_late(self, now: float, margin: float) -> bool:
        limits = [x for x in (self.limit, self.run_limit) if x is not None]
        return bool(limits) and now > self.began + min(limits) + margin


class Child:
    """Starts an executor and listens to its pipe. Made in the main thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pipe, theirs = os.pipe()
        os.set_blocking(self._pipe, False)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "django", "executor", str(theirs), str(os.getpid())],
            pass_fds=[theirs],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(_import_path())},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor
        )
        os.close(theirs)
        self.pid = self._process.pid
        self.name = str(identity(self.pid))
        self.was_ready = False
        self.leaving = False
        self._rest = b""
        self._held: dict[tuple[str, int, int], Held] = {}
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

    def leave(self) -> None:
        """Take nothing new, finish, exit."""
        if not self.leaving:
            self.leaving = True
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()

    def has_ended(self) -> bool:
        if self._process.poll() is None:
            return False
        self._hear()  # its last words
        return True

    def is_stuck(self, now: float, grace: float) -> bool:
        """Whether only late attempts are left in it, or one is late beyond the grace."""
        cut = [held for held in self.held() if held.cut_at]
        if not cut:
            return False
        if any(now > held.cut_at + grace for held in cut):
            return True
        others = len(cut) < len(self._held)
        return not others and all(now > held.cut_at + 1.0 for held in cut)

    def close(self) -> None:
        self._loop.remove_reader(self._pipe)
        os.close(self._pipe)

    def _hear(self) -> None:
        try:
            while chunk := os.read(self._pipe, 65536):
                self._rest += chunk
        except BlockingIOError:
            pass
        else:
            self._loop.remove_reader(self._pipe)  # the other end is closed
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._note(json.loads(line))

    def _note(self, said: dict[str, Any]) -> None:
        if said["kind"] == "ready":
            self.was_ready = True
            return
        key = said["run"], said["call"], said["attempt"]
        if said["kind"] == "end":
            self._held.pop(key, None)
            return
        self._held[key] = Held(
            UUID(said["run"]),
            said["call"],
            said["attempt"],
            said["limit"],
            said["run_limit"],
            began=monotonic(),
        )


def _import_path() -> list[str]:
    """What this process can import, its child can: also when started from elsewhere."""
    return [str(settings.BASE_DIR), *(path for path in sys.path if path)]
