"""A program beside the house: it starts runs and asks about them, in its own process."""

import json
import subprocess
import sys
from typing import Any

from .house import ROOT, House

PROGRAM = """
import builtins, json, sys
from dataclasses import asdict
import django
django.setup()
from django.contrib.auth.models import User
from workflows_app.engine.registry import get_workflow
from workflows_app.runtime.discovery import load_workflows
from workflows_app.runtime.handler import Handler
from workflows_app.runtime import workers

olga = User(username="olga", is_superuser=True)

def start(name, fields):
    return str(get_workflow(name).start(fields).run_id)

def result(run_id, seconds):
    try:
        return {"result": Handler(run_id).result(timeout=seconds).result}
    except Exception as error:
        fields = {k: v for k, v in vars(error).items() if k[0] != "_"}
        is_timeout = isinstance(error, builtins.TimeoutError)
        return {"error": type(error).__name__, "is_timeout": is_timeout, **fields}

def abort(run_id, reason):
    Handler(run_id).abort(reason)

def respond(run_id, request_id, value):
    Handler(run_id).respond_to_input(request_id, value)

def stream(run_id):
    return [[e.event_type, getattr(e, "kind", "")] for e in Handler(run_id).stream_events()]

def worker(pid):
    found = [w for w in workers.list_workers(olga) if w.pid == pid]
    return asdict(found[0]) if found else None

def drain(worker_id):
    return asdict(workers.drain(worker_id, olga))

load_workflows()
for line in sys.stdin:
    name, given = json.loads(line)
    print(json.dumps(globals()[name](*given), default=str), flush=True)
"""


class Caller:
    """Its verbs are those of the handler, for any run of the house."""

    def __init__(self, house: House) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env=house.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, workflow: str, **fields: Any) -> str:
        """The id of a new run."""
        return str(self._call("start", workflow, fields))

    def result(self, run_id: str, *, within: float = 20.0) -> dict[str, Any]:
        """What the run came to: its result, or its error with all that it tells."""
        found: dict[str, Any] = self._call("result", run_id, within)
        return found

    def abort(self, run_id: str, reason: str) -> None:
        self._call("abort", run_id, reason)

    def respond(self, run_id: str, request_id: str, value: Any) -> None:
        self._call("respond", run_id, request_id, value)

    def stream(self, run_id: str) -> list[list[str]]:
        """Type and kind of all events of a run, up to its last."""
        found: list[list[str]] = self._call("stream", run_id)
        return found

    def worker(self, pid: int) -> dict[str, Any] | None:
        """A worker as operators see it."""
        found: dict[str, Any] | None = self._call("worker", pid)
        return found

    def drain(self, worker_id: str) -> None:
        self._call("drain", worker_id)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _call(self, name: str, *given: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, given]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
