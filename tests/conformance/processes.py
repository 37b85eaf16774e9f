"""Other processes of a conformance case: workers, and programs that use the API."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from workflows_app.stream.wakeup import connection_parameters

ROOT = Path(__file__).resolve().parents[2]
PREAMBLE = """
import asyncio, json, sys
import django
django.setup()

def tell(value):
    print(json.dumps(value), flush=True)

def wait_for_word():
    tell("ready")
    sys.stdin.readline()
"""


def database_url(name: str = "") -> str:
    """The address of the test's database, or of another one of its server."""
    there = connection_parameters()
    host = quote(str(there["host"]), safe="")
    user = quote(str(there["user"]), safe="")
    if password := there.get("password"):
        user = f"{user}:{quote(str(password), safe='')}"
    port = f":{there['port']}" if there.get("port") else ""
    return f"postgres://{user}@{host}{port}/{name or there['dbname']}"


def environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "HOLDPOINT_APPS": "tests.conformance",
    }


class Worker:
    """`manage.py worker` with the workflows of these tests."""

    def __init__(self, url: str, log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, str(ROOT / "manage.py"), "worker", "--executors", "2"],
            cwd=ROOT,
            env=environment(url),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill -9: its executors end with it."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(30)
        self._log.close()


class Program:
    """A Python program in a process of its own, which tells JSON values line by line.

    It begins with Django set up, `tell(value)` and `wait_for_word()`.
    """

    def __init__(self, url: str, code: str, *arguments: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", PREAMBLE + code, *arguments],
            cwd=ROOT,
            env=environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def heard(self) -> Any:
        """What it tells next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the program ended with {self._process.wait(30)}"
        return json.loads(line)

    def all_heard(self) -> Iterator[Any]:
        """What it tells until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)

    def give_word(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate(timeout=60)
        assert error is not None or self._process.returncode == 0


def run_program(url: str, code: str, *arguments: str) -> list[Any]:
    """All that a program tells."""
    with Program(url, code, *arguments) as program:
        return list(program.all_heard())
