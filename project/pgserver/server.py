"""The embedded server as its users see it: there when needed, shared by processes."""

import atexit
import contextlib
import fcntl
import functools
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from project.pgserver import address, cluster, postmaster
from project.pgserver.account import command_prefix
from project.pgserver.errors import ServerError
from project.pgserver.programs import environment, get_program

START_LIMIT = 60.0
STOP_LIMIT = 20.0


class Server:
    """One data directory and the server that works on it.

    Beside the directory are three files: `.hold` is locked, shared, by every process
    that uses the server; `.start` by the one that starts it; `.log` is what it says.
    """

    def __init__(self, data: Path) -> None:
        """Do nothing yet."""
        self.data = data
        self._hold: int | None = None
        self._lock = threading.Lock()

    def ensure_running(self) -> None:
        """Start the server unless it takes connections; cheap when it does."""
        if self._hold is None or not postmaster.is_ready(self.data):
            with self._lock:
                self._bring_up()

    def let_go(self) -> None:
        """Give up the hold; the last process to do so stops the server."""
        hold, self._hold = self._hold, None
        if hold is None:
            return
        try:
            if self._is_last(hold) and (found := postmaster.find_postmaster(self.data)):
                found.stop(STOP_LIMIT)
                address.remove_directory(self.data)
        finally:
            os.close(hold)

    def forget_hold(self) -> None:
        """Leave the hold to the parent: a forked child takes its own when it needs it."""
        self._lock = threading.Lock()
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None

    def _bring_up(self) -> None:
        """Hold first, then look, then start: so nobody stops what we just found."""
        try:
            self.data.parent.mkdir(parents=True, exist_ok=True)
            self._take_hold()
            with self._start_lock():
                if not self._becomes_ready():
                    self._start()
        except OSError as error:
            advice = "set HOLDPOINT_DATA to a directory of your own, or DATABASE_URL"
            raise ServerError(f"No PostgreSQL there: {error}; {advice}.") from error

    def _take_hold(self) -> None:
        """Take it anew each time: somebody may have removed and remade the directory."""
        if self._hold is None:
            atexit.register(self.let_go)
        hold = _open_lock(self._beside(".hold"), fcntl.LOCK_SH)
        if self._hold is not None:
            os.close(self._hold)
        self._hold = hold

    def _is_last(self, hold: int) -> bool:
        """Is nobody else holding the file that everybody holds now?"""
        try:
            fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(hold), self._beside(".hold").stat())
        except OSError:
            return False

    @contextlib.contextmanager
    def _start_lock(self) -> Iterator[None]:
        lock = _open_lock(self._beside(".start"), fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(lock)

    def _becomes_ready(self) -> bool:
        """Wait for a server that is alive but still starting, or about to stop."""
        deadline = time.monotonic() + START_LIMIT
        while found := postmaster.find_postmaster(self.data):
            if found.is_ready:
                return True
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL is stuck: {found.status}. {self._log()}")
            postmaster.wait_for_end([found.process], 0.02)
        return False

    def _start(self) -> None:
        if not cluster.is_created(self.data):
            cluster.create(self.data)
        postmaster.clear_remains(self.data)
        process = psutil.Process(self._spawn(address.prepare_directory(self.data)))
        deadline = time.monotonic() + START_LIMIT
        while not self._becomes_ready():
            if not postmaster.is_running(process) or time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL did not start. {self._log()}")
            postmaster.wait_for_end([process], 0.01)

    def _spawn(self, socket_directory: Path) -> int:
        """Start the server in a session of its own: Ctrl-C is not meant for it."""
        quoted = str(socket_directory).replace('"', '""')
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{quoted}"',
            "unix_socket_permissions": "0700",
            "port": str(address.PORT),
        }
        command = [*command_prefix(self.data), get_program("postgres")]
        command += ["-D", str(self.data)]
        command += [f"--{name}={value}" for name, value in settings.items()]
        append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.posix_spawnp(
            command[0],
            command,
            environment(),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self._beside(".log")), append, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=[],
        )

    def _beside(self, suffix: str) -> Path:
        return self.data.with_name(self.data.name + suffix)

    def _log(self) -> str:
        """Quote the end of the log in an error."""
        log = self._beside(".log")
        lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
        return f"Its log, {log}, ends: {' | '.join(lines[-3:])}"


@functools.cache
def get_server(data: Path) -> Server:
    """Return this process's one handle to the server of a data directory."""
    server = Server(data)
    os.register_at_fork(after_in_child=server.forget_hold)
    return server


def _open_lock(path: Path, kind: int) -> int:
    """Open a file and wait for its lock; the kernel frees it whatever kills us."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    fcntl.flock(descriptor, kind)
    return descriptor
