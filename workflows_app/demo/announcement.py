"""What the demo prints when it is ready: address, logins, and a delivery to send."""

import json
import secrets
import shlex
import uuid
from pathlib import Path

from workflows_app.intake.signatures import sign_github

from .demo_json import NAME, Demo, Login, write_privately
from .samples import FOLDER

SAMPLE_NAME = "sample-deployment.json"


def announcement(demo: Demo) -> str:
    """The text, after the delivery that its last line sends has been written."""
    body = make_deployment()
    write_privately(demo.data_dir / SAMPLE_NAME, body)
    return "\n".join(
        [
            f"Holdpoint is ready: {demo.url}/",
            "",
            *_table(demo.users),
            "",
            f"{_shown(demo.data_dir / NAME)} has them too, with a token for the API.",
            "Send a deployment, signed as GitHub signs it:",
            "",
            curl_line(demo, body),
            "",
        ]
    )


def make_deployment() -> bytes:
    """The sample deployment with another commit, so that it counts as another one."""
    payload = json.loads((FOLDER / "release-gate" / "deployment.json").read_bytes())
    payload["deployment"]["id"] += secrets.randbelow(10**6)
    payload["deployment"]["sha"] = secrets.token_hex(20)
    return json.dumps(payload, indent=2).encode()


def curl_line(demo: Demo, body: bytes) -> str:
    """One line for a shell; sent twice it is one delivery, known the second time."""
    sender = demo.sources[0]
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "deployment",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": sign_github(body, sender.secret),
    }
    options = [each for pair in headers.items() for each in ("-H", ": ".join(pair))]
    file = f"@{_shown(demo.data_dir / SAMPLE_NAME)}"
    address = f"{demo.url}/hooks/{sender.name}/"
    return shlex.join(["curl", "-i", *options, "--data-binary", file, address])


def _table(users: list[Login]) -> list[str]:
    rows = [("name", "password", "group")]
    rows += [(u.name, u.password, ", ".join(u.groups) or "superuser") for u in users]
    return [f"  {name:<6} {password:<14} {groups}" for name, password, groups in rows]


def _shown(path: Path) -> Path:
    """The path as seen from here, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
