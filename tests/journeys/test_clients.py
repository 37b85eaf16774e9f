"""The clients of our documents: each asks, dies, asks again, and hears of the decision."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .house import ROOT, House, wait_for

pytestmark = pytest.mark.timeout(600)
CLIENTS = ROOT / "docs" / "clients"
QUESTION = {"prompt": "Ship it?", "choices": ["yes", "no"]}
LONGEST_CLIENT = 100

Command = list[str | Path]

GO = """
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"example/holdpoint"
)

func main() {
	queue := holdpoint.Queue{URL: os.Getenv("HOLDPOINT_URL"), Token: os.Getenv("HOLDPOINT_TOKEN")}
	ctx := context.Background()
	approval, err := queue.Ask(ctx, os.Args[1], json.RawMessage(os.Args[2]))
	if err == nil {
		var decision *holdpoint.Decision
		if decision, err = queue.WaitForDecision(ctx, approval); err == nil {
			fmt.Printf(`{"outcome": %q, "response": %s, "responder": %q}`,
				decision.Outcome, decision.Response, decision.Responder)
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
"""

TYPESCRIPT = """
import { ApprovalQueue } from "./holdpoint";
declare const process: any;

async function main(): Promise<void> {
  const { HOLDPOINT_URL, HOLDPOINT_TOKEN } = process.env;
  const queue = new ApprovalQueue(HOLDPOINT_URL, HOLDPOINT_TOKEN);
  const approval = await queue.ask(process.argv[2], JSON.parse(process.argv[3]));
  console.log(JSON.stringify(await queue.waitForDecision(approval)));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
"""

TSC = {
    "strict": True,
    "target": "es2022",
    "module": "commonjs",
    "lib": ["es2022", "dom"],
    "types": [],
}

PYTHON = """
import dataclasses, importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("holdpoint", sys.argv.pop(1))
client = sys.modules["holdpoint"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(client)
assert "django" not in sys.modules

queue = client.ApprovalQueue(os.environ["HOLDPOINT_URL"], os.environ["HOLDPOINT_TOKEN"])
try:
    approval = queue.ask(key=sys.argv[1], **json.loads(sys.argv[2]))
except client.ApprovalError as error:
    sys.exit(str(error))
decision = queue.wait_for_decision(approval)
print(json.dumps(dataclasses.asdict(decision), default=str))
"""


def _python(folder: Path) -> Command:
    (folder / "ask.py").write_text(PYTHON)
    module = ROOT / "workflows_app" / "client.py"
    return [sys.executable, folder / "ask.py", module]


def _shell(folder: Path) -> Command:
    _need("curl", "jq")
    return ["sh", CLIENTS / "holdpoint.sh"]


def _go(folder: Path) -> Command:
    _need("go")
    package = folder / "holdpoint"
    package.mkdir()
    shutil.copy(CLIENTS / "holdpoint.go", package)
    (folder / "main.go").write_text(GO)
    (folder / "go.mod").write_text("module example\n\ngo 1.18\n")
    _run(folder, "go", "vet", "./...")
    _run(folder, "go", "build", "-o", "ask", ".")
    return [folder / "ask"]


def _typescript(folder: Path) -> Command:
    _need("node", "npm")
    try:
        _run(folder, "npm", "install", "--no-fund", "--no-audit", "typescript@5")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"npm gets no TypeScript: {error.stderr[-200:]}")
    shutil.copy(CLIENTS / "holdpoint.ts", folder)
    (folder / "ask.ts").write_text(TYPESCRIPT)
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": TSC}))
    _run(folder, "node_modules/.bin/tsc", "--project", ".")
    return ["node", folder / "ask.js"]


def _need(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"There is no {' and no '.join(missing)} on this machine.")


def _run(folder: Path, *command: str | Path) -> None:
    subprocess.run(  # noqa: S603 - compilers
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=300
    )


LANGUAGES = {"python": _python, "shell": _shell, "go": _go, "typescript": _typescript}


@pytest.fixture(scope="module", params=list(LANGUAGES))
def command(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Command:
    """How a client of this language is started, with a key and a question."""
    make: Callable[[Path], Command] = LANGUAGES[request.param]
    return make(tmp_path_factory.mktemp(request.param))


@pytest.fixture
def api(house: House) -> Iterator[httpx.Client]:
    """The demo's program."""
    token = house.demo()["api_token"]
    with httpx.Client(
        base_url=f"{house.url}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    ) as client:
        yield client


def _start(
    house: House, command: Command, key: str, question: Any = QUESTION
) -> "subprocess.Popen[str]":
    shown = {"HOLDPOINT_URL": house.url, "HOLDPOINT_TOKEN": house.demo()["api_token"]}
    return subprocess.Popen(  # noqa: S603 - what was built above
        [*command, key, json.dumps(question)],
        env={**os.environ, **shown},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _asked(house: House, key: str) -> list[str]:
    """The requests that were asked under this key."""
    rows = house.query(
        "SELECT request.id FROM workflows_app_inputrequest request"
        " JOIN workflows_app_run run ON run.id = request.run_id"
        " WHERE run.idempotency_key LIKE %s",
        f"api:%:{key}",
    )
    return [str(pk) for (pk,) in rows]


def _is_up(house: House) -> bool:
    try:
        return httpx.get(f"{house.url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_client_waits_through_deaths_of_both_sides(
    house: House, api: httpx.Client, command: Command, request: Any
) -> None:
    key = f"ship-{request.node.callspec.params['command']}"
    first = _start(house, command, key)
    wait_for(lambda: _asked(house, key))
    first.kill()
    first.communicate()

    second = _start(house, command, key)
    house.kill("web")
    wait_for(lambda: _is_up(house))
    (asked,) = _asked(house, key)
    assert second.poll() is None
    reply = api.post(f"/requests/{asked}/response", json={"outcome": "yes"})
    assert reply.status_code == 200, reply.text

    told, complaints = second.communicate(timeout=120)
    assert second.returncode == 0, complaints
    decision = json.loads(told)
    assert (decision["outcome"], decision["response"]) == ("yes", "yes")
    assert decision["responder"] == "robot"
    assert len(_asked(house, key)) == 1


def test_a_client_tells_what_was_refused(house: House, command: Command) -> None:
    refused = _start(house, command, "odd", {"prompt": ""})

    told, complaints = refused.communicate(timeout=60)

    assert refused.returncode == 1
    assert told == ""
    assert "prompt" in complaints


def test_clients_are_small() -> None:
    sizes = {
        path.name: len(path.read_text().splitlines()) for path in CLIENTS.iterdir()
    }
    assert set(sizes) == {"holdpoint.go", "holdpoint.sh", "holdpoint.ts"}
    assert max(sizes.values()) <= LONGEST_CLIENT
