"""Draws the README's picture from the running demo: `python docs/picture.py`."""

import base64
import json
import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.chromium import FLAGS, find_chromium  # noqa: E402 - found by the line above

PICTURE = ROOT / "docs" / "queue-and-decision.png"
VIEW = {"width": 1120, "height": 840}
SHEET = """
<style>
  body {{ margin: 0; padding: 28px; background: #dfe6e8; display: flex; gap: 28px; }}
  img {{ width: 720px; border-radius: 10px; box-shadow: 0 6px 24px #0003; }}
</style>
<img src="data:image/png;base64,{}"><img src="data:image/png;base64,{}">
"""


def draw() -> None:
    """Sign in as a reviewer; take the queue and its first question, side by side."""
    data = Path(os.environ.get("HOLDPOINT_DATA", ROOT / "var"))
    demo = json.loads((data / "demo.json").read_text())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(FLAGS)
        )
        shots = [base64.b64encode(shot).decode() for shot in _shots(browser, demo)]
        sheet = browser.new_page(viewport={"width": 1524, "height": 596})
        sheet.set_content(SHEET.format(*shots))
        sheet.screenshot(path=PICTURE)
        browser.close()


def _shots(browser: Browser, demo: dict[str, object]) -> list[bytes]:
    page = browser.new_page(viewport=VIEW, color_scheme="light")  # type: ignore[arg-type]
    page.goto(f"{demo['url']}/login/")
    users = {user["name"]: user["password"] for user in demo["users"]}  # type: ignore[attr-defined]
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", users["ada"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue/")
    page.wait_for_selector("#connection[data-state=live]")
    queue = page.screenshot()
    page.get_by_role("link", name="production").first.click()
    page.wait_for_selector("#outcomes")
    page.wait_for_selector("#connection[data-state=live]")
    return [queue, page.screenshot()]


if __name__ == "__main__":
    draw()
