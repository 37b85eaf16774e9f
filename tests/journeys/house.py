"""A whole Holdpoint in real processes: started, used, killed and stopped by tests."""

import atexit
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, TypeVar

import httpx
import psutil
import psycopg

from workflows_app.intake.signatures import sign_github

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "workflows_app" / "demo" / "samples"
START_LIMIT = 120.0
MIGRATE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
T = TypeVar("T")


def wait_for(find: Callable[[], T | None], *, seconds: float = 15.0) -> T:
    """What `find` finds, as soon as it does; fails when the time is over."""
    deadline, pause = monotonic() + seconds, Event()
    while True:
        found = find()
        if found:
            return found
        if monotonic() > deadline:
            raise AssertionError(f"{find} found nothing within {seconds:g} s")
        pause.wait(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class House:
    """`manage.py up --demo` with a database and a port of its own."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "HOLDPOINT_DATA": str(data),
            "HOLDPOINT_PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            **environment,
        }
        self.log = data.parent / f"{data.name}.log"
        self._log = self.log.open("ab")
        self._up: subprocess.Popen[bytes] | None = None
        self._others: list[subprocess.Popen[bytes]] = []
        self._sender = httpx.Client(timeout=10)
        self._clients = [self._sender]

    def start(self) -> "House":
        """Begin where a house is that has started before, as all after the first do."""
        if not self.data.exists():
            _copy(_first_data(), self.data)
        self._start()
        return self

    def migrate(self) -> None:
        """Have a database and nothing in it, for what is started one by one."""
        _copy(_empty_data(), self.data)

    def _start(self) -> None:
        self._up = self._spawn("up", "--demo")
        try:
            wait_for(self._is_settled, seconds=START_LIMIT)
        except AssertionError:
            self.stop()
            raise

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        for process in [*self._others, *([self._up] if self._up else [])]:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        self._log.close()

    def start_second_web(self, port: int | None = None) -> str:
        """One more web process on the same database; its address."""
        port = port or free_port()
        self._others.append(self._spawn("web", "--port", str(port)))
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(f"{url}/readyz"), seconds=START_LIMIT)
        return url

    def end_second_web(self, how: signal.Signals) -> None:
        """End the web process that was started last; a request may still hold it back."""
        web = self._others.pop()
        web.send_signal(how)
        try:
            web.wait(10)
        except subprocess.TimeoutExpired:
            web.kill()
            web.wait(30)

    def rest(self) -> Path:
        """Wait until the database is at rest, as nothing is running; where its files are."""
        wait_for(lambda: not self._postgres_pid_file.exists(), seconds=START_LIMIT)
        return self.data

    @contextmanager
    def worker(self, executors: int = 1) -> Iterator[int]:
        """A worker alone, for a house that is not started; its pid."""
        worker = self._spawn("worker", "--executors", str(executors))
        try:
            yield worker.pid
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)

    def run_python(self, code: str, *arguments: str) -> str:
        """Run a program in a process of its own; what it printed."""
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_LIMIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # Processes

    @property
    def _postgres_pid_file(self) -> Path:
        """There as long as the server runs."""
        return self.data / "postgres" / "postmaster.pid"

    def pids(self, name: str) -> list[int]:
        """The pids of a part: web, worker or executor; postgres by its pid file."""
        if name == "postgres":
            wait_for(self._postgres_pid_file.exists)
            return [int(self._postgres_pid_file.read_text().split()[0])]
        assert self._up is not None
        children = psutil.Process(self._up.pid).children(recursive=True)
        return [child.pid for child in children if name in _arguments(child)]

    def kill(self, *names: str) -> None:
        """Kill -9 these parts at once."""
        for pid in [pid for name in names for pid in self.pids(name)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended between looking and killing

    # The doors

    def demo(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.data / "demo.json").read_text())
        return content

    def password(self, name: str) -> str:
        users = self.demo()["users"]
        return next(str(user["password"]) for user in users if user["name"] == name)

    def sign_in(self, name: str, url: str | None = None) -> httpx.Client:
        """A browser without a face, signed in."""
        client = httpx.Client(base_url=url or self.url, timeout=10)
        self._clients.append(client)
        page = client.get("/login/")
        form = {"username": name, "password": self.password(name)}
        reply = client.post("/login/", data={**form, **hidden_fields(page.text)})
        assert reply.status_code == 302, reply.text
        return client

    def send(
        self, body: bytes, *, event: str = "deployment", delivery: str | None = None
    ) -> httpx.Response:
        """Post a webhook as GitHub would, signed with the demo's secret."""
        secret = self.demo()["sources"][0]["secret"]
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
            "X-Hub-Signature-256": sign_github(body, secret),
        }
        address = f"{self.url}/hooks/github/"
        return self._sender.post(address, content=body, headers=headers)

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Look into the database, past all code; nothing while it is away."""
        try:
            with psycopg.connect(self._conninfo(), connect_timeout=2) as looking:
                return looking.execute(statement.encode(), parameters).fetchall()
        except (psycopg.OperationalError, FileNotFoundError, IndexError):
            return []

    def question(self, run_id: str) -> str | None:
        """The id of the run's question, once it is asked."""
        rows = self.query(
            "SELECT id FROM workflows_app_inputrequest WHERE run_id = %s", run_id
        )
        return str(rows[0][0]) if rows else None

    def status(self, run_id: str) -> str:
        rows = self.query("SELECT status FROM workflows_app_run WHERE id = %s", run_id)
        return str(rows[0][0]) if rows else ""

    def steps(self, workflow: str) -> list[str]:
        """The steps of a workflow as a worker offered it last."""
        rows = self.query(
            "SELECT body FROM workflows_app_definition WHERE name = %s"
            " ORDER BY published_at DESC LIMIT 1",
            workflow,
        )
        return [step["name"] for step in json.loads(rows[0][0])["steps"]]

    def kinds(self, run_id: str) -> list[str]:
        """The kinds of the run's lines, in order."""
        rows = self.query(
            "SELECT kind FROM workflows_app_runevent WHERE run_id = %s ORDER BY number",
            run_id,
        )
        return [str(kind) for (kind,) in rows]

    def _conninfo(self) -> str:
        lines = self._postgres_pid_file.read_text().splitlines()
        return f"host={lines[4]} port={lines[3]} user=postgres dbname=holdpoint"

    def _spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def _is_settled(self) -> bool:
        """Whether all that the demo begins with is there, and nothing of it goes on."""
        demo = self.data / "demo.json"
        if not demo.exists() or self.demo()["url"] != self.url:
            return False
        statement = """
            SELECT count(*), count(*) FILTER (WHERE status = 'running')
            FROM workflows_app_run
        """
        expected = len(list(SAMPLES.glob("*/*.json")))
        return any(
            begun >= expected and not busy for begun, busy in self.query(statement)
        )


@cache
def _empty_data() -> Path:
    """The data of a house in which nothing has been started yet."""
    house = House(_make_folder() / "var")
    house.run_python(MIGRATE)
    house.stop()
    return house.rest()


@cache
def _first_data() -> Path:
    """The data of a house that has started for the first time, and stopped."""
    house = House(_make_folder() / "var")
    house._start()
    house.stop()
    return house.rest()


def _make_folder() -> Path:
    """For as long as this process lives."""
    folder = tempfile.mkdtemp(prefix="holdpoint-house-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _copy(data: Path, to: Path) -> None:
    """With its owners: PostgreSQL is not run by root."""
    subprocess.run(["cp", "-a", data, to], check=True)  # noqa: S603, S607


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden inputs of a page's forms, as a browser would send them."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", html):
        name, value = (re.search(rf'{key}="([^"]*)"', tag) for key in ("name", "value"))
        if name:
            found[name[1]] = value[1] if value else ""
    return found


def _arguments(process: psutil.Process) -> list[str]:
    try:
        arguments: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return arguments


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
