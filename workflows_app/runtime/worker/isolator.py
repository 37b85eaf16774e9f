"""The fork server of an executor: a process with Django and the flows loaded.

It runs no body itself and has a single thread, so it can be forked at any moment. It
is the parent of the bodies' processes, so it alone can say whether one is still there.
"""

import gc
import json
import logging
import os
import selectors
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress

from django.db import connections

from . import isolated_body
from .process import die_with_parent

log = logging.getLogger(__name__)

FDS = 64
"""Sockets that may arrive at once: an executor runs fewer bodies than that."""


class Isolator:
    """Serves one executor over a socket, until that is closed."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._rest = b""
        self._sockets: list[int] = []
        self._numbers: dict[int, int] = {}  # of each process that is alive

    def serve(self) -> None:
        """Nothing that is open now may be used on both sides of a fork."""
        for connection in connections.all(initialized_only=True):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's
        gc.collect()
        gc.freeze()  # what is loaded by now is never collected: its pages stay shared
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(_wake_on_deaths(), selectors.EVENT_READ)
            while self._hear(selector):
                pass

    def _hear(self, selector: selectors.BaseSelector) -> bool:
        """Whether there is more to come."""
        for key, _ in selector.select():
            if key.fileobj is self._control:
                if not self._take_orders():
                    return False
            else:
                os.read(key.fd, 4096)
        self._bury()
        return True

    def _take_orders(self) -> bool:
        heard, sockets, _, _ = socket.recv_fds(self._control, 65536, FDS)
        if not heard:
            return False
        self._sockets += sockets
        *lines, self._rest = (self._rest + heard).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if order["kind"] == "fork":
                self._fork(order["number"], self._sockets.pop(0))
            else:
                self._kill(order["number"])
        return True

    def _fork(self, number: int, fd: int) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # its executor sees that nobody has the other end
            log.error("No process for a step: %s", error)
            os.close(fd)
            return
        if pid == 0:
            try:
                self._begin(parent, fd)
            finally:
                os._exit(1)
        os.close(fd)
        self._numbers[pid] = number

    def _begin(self, parent: int, fd: int) -> None:
        """In the new process: it has no use for what belongs to the server."""
        die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        for other in self._sockets:
            os.close(other)  # else it would seem open when its own process is gone
        isolated_body.run(socket.socket(fileno=fd))

    def _kill(self, number: int) -> None:
        for pid in [pid for pid, known in self._numbers.items() if known == number]:
            os.kill(pid, signal.SIGKILL)

    def _bury(self) -> None:
        for pid, status in _ended():
            number = self._numbers.pop(pid, None)
            report = {"number": number, "status": os.waitstatus_to_exitcode(status)}
            with suppress(OSError):
                self._control.sendall(json.dumps(report).encode() + b"\n")


def _wake_on_deaths() -> int:
    """A pipe that can be read from when a process has ended."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


def _ended() -> Iterator[tuple[int, int]]:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            yield pid, status
