"""What tests do in a browser: sign in, send a question, look for accessibility."""

import json
import uuid
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from .house import House, wait_for

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}


def sign_in(page: Page, house: House, name: str) -> None:
    """Sign in by the form; ends on the queue, with its socket open."""
    page.goto(f"{house.url}/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", house.password(name))
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue/")


def wait_until_live(page: Page) -> None:
    page.wait_for_selector("#connection[data-state=live]")


def deployment(subject: str) -> dict[str, Any]:
    """A delivery whose question is known by a word of the test's own."""
    return {
        "deployment": {
            "id": uuid.uuid4().int % 10**9,
            "ref": "v4.2",
            "environment": "staging",
            "sha": uuid.uuid4().hex,
        },
        "repository": {"name": subject, "full_name": f"acme/{subject}"},
        "sender": {"login": "mia"},
    }


def send(house: House, subject: str) -> str:
    """Send a deployment; the id of its run."""
    reply = house.send(json.dumps(deployment(subject)).encode())
    assert reply.status_code == 202, reply.text
    run_id: str = reply.json()["run_id"]
    return run_id


def ask(house: House, subject: str) -> tuple[str, str]:
    """Send a deployment and wait for its question: the ids of run and request."""
    run_id = send(house, subject)
    return run_id, wait_for(lambda: house.question(run_id))


def violations(page: Page) -> list[str]:
    """What axe finds wrong, each as rule and place."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]
    ]
