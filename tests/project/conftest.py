"""Embedded servers for tests: each with data of its own, all stopped at the end."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from project.pgserver import cluster
from project.pgserver.server import Server

ROOT = Path(__file__).parents[2]


class Session:
    """Another process that uses the database of a data directory."""

    def __init__(self, home: Path, **environment: str) -> None:
        """Start it; it does not connect before it is asked something."""
        names = os.environ.keys() - {"DATABASE_URL", "DATABASE_DIRECT_URL"}
        inherited = {name: os.environ[name] for name in names}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.project.session"],
            cwd=ROOT,
            env=inherited | {"HOLDPOINT_DATA": str(home)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def send(self, sql: str) -> None:
        """Ask for something, without waiting for the answer."""
        assert self.process.stdin
        self.process.stdin.write(sql + "\n")
        self.process.stdin.flush()

    def receive(self) -> Any:
        """Wait for one answer."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def ask(self, sql: str) -> Any:
        """Run one statement and return its rows."""
        self.send(sql)
        return self.receive()

    def leave(self) -> None:
        """End as a program ends."""
        self.process.communicate(timeout=25)

    def kill(self) -> None:
        """End without a chance to clean up."""
        self.process.kill()
        self.leave()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one data directory to copy, because initdb takes a second."""
    data = tmp_path_factory.mktemp("template") / "postgres"
    cluster.create(data)
    return data


@pytest.fixture
def make_server(template: Path) -> Iterator[Callable[[Path], Server]]:
    """Return a function that gives a server for a home, its data already made."""
    servers: list[Server] = []

    def make(home: Path) -> Server:
        shutil.copytree(template, home / "postgres")
        servers.append(Server((home / "postgres").resolve()))
        return servers[-1]

    yield make
    for server in servers:
        server.let_go()


@pytest.fixture
def server(make_server: Callable[[Path], Server], tmp_path: Path) -> Server:
    """Return a server that nobody has started yet."""
    return make_server(tmp_path)


@pytest.fixture
def short_home() -> Iterator[Path]:
    """Return a directory that other accounts can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as home:
        yield Path(home)


@pytest.fixture
def open_session() -> Iterator[Callable[..., Session]]:
    """Return a function that starts sessions; all have left at the end."""
    with contextlib.ExitStack() as stack:

        def start(home: Path, **environment: str) -> Session:
            session = Session(home, **environment)
            stack.callback(session.leave)
            return session

        yield start
