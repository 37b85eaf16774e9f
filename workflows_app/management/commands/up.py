"""`up`: everything for one machine: database, migrations, web, worker."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

LONGEST_PAUSE = 5.0
PATIENCE = 15.0
"""Seconds that children have to end by themselves when `up` is stopped."""


@dataclass
class Part:
    """A child process that is started again whenever it ends."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    restarts: int = field(default=0)

    def keep(self) -> None:
        """Start it if it is not running; not too soon after it has just failed."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None and not self._may_restart():
            return
        self.started = monotonic()
        # In a session of its own: Ctrl-C is for `up`, which stops its parts in order.
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            self.arguments, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def _may_restart(self) -> bool:
        ran = monotonic() - self.started
        if not self.restarts or ran > LONGEST_PAUSE:
            self.pause = 0.0
        if ran < self.pause:
            return False
        self.restarts += 1
        self.pause = min(max(0.5, self.pause * 2), LONGEST_PAUSE)
        return True

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Command(BaseCommand):
    """Ends only when it is told to; a part that ends by itself is started again."""

    help = "Run everything on one machine: database, migrations, web and worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="load demo people, a source and flows"
        )
        parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")

    def handle(self, *_args: Any, **options: Any) -> None:
        demo, bind = options["demo"], options["bind"]
        if demo and (settings.IS_PRODUCTION or bind != "127.0.0.1"):
            raise CommandError("The demo listens on 127.0.0.1 and not in production.")
        _check_port(bind)
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        call_command("migrate", verbosity=0)
        connections.close_all()
        parts = [_part("web", "--bind", bind), _part("worker")]
        try:
            self._run(parts, stopped, demo=demo)
        finally:
            for part in parts:
                part.stop()
            deadline = monotonic() + PATIENCE
            for part in parts:
                part.wait(max(0.1, deadline - monotonic()))

    def _run(self, parts: list[Part], stopped: threading.Event, *, demo: bool) -> None:
        url, announced = f"http://127.0.0.1:{settings.PORT}", False
        while not stopped.wait(0.2):
            for part in parts:
                part.keep()
            if not announced and _is_ready(url):
                announced = True
                self.stdout.write(
                    _load_demo(url, stopped) if demo else f"Holdpoint: {url}/"
                )
                self.stdout.flush()


def _check_port(bind: str) -> None:
    """Say at once what the web process would complain of for ever."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {bind}:{settings.PORT} ({error.strerror}): "
                "set HOLDPOINT_PORT to another port."
            ) from error


def _part(name: str, *arguments: str) -> Part:
    manage = str(Path(settings.BASE_DIR) / "manage.py")
    parent = ["--parent", str(os.getpid())]
    return Part(name, [sys.executable, manage, name, *parent, *arguments])


def _is_ready(url: str) -> bool:
    """Ask under a name that the server answers to, wherever it listens."""
    asked = urllib.request.Request(f"{url}/readyz", headers={"Host": _own_name()})  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(asked, timeout=2):  # noqa: S310 - our own
            return True
    except (urllib.error.URLError, OSError):
        return False


def _own_name() -> str:
    name = str(settings.ALLOWED_HOSTS[0])
    return "127.0.0.1" if name == "*" else name.removeprefix(".")


def _load_demo(url: str, stopped: threading.Event) -> str:
    """Imported late: nothing of the demo is part of a production process."""
    from workflows_app.demo import loader  # noqa: PLC0415

    demo = loader.load(Path(settings.DATA), url)
    loader.write_demo_json(Path(settings.DATA), demo)
    loader.start_sample_runs(stopped)
    return loader.announcement(demo)
