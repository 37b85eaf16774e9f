"""Draws every page and every state of the decision panel: `python docs/screens.py`.

One sheet for each: 1280 and 390 px wide, light and dark. With names, only those.
"""

import base64
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.chromium import FLAGS, find_chromium  # noqa: E402 - found by the line above
from tests.journeys.scenes import PAGES, PANELS, staged  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
HEIGHT = 1000
SHEET = """
<style>
  body {{ margin: 0; padding: 16px; background: #8d9a9e; display: flex; gap: 16px; }}
  img {{ height: 560px; border-radius: 6px; }}
</style>
"""


def draw(names: list[str]) -> None:
    """Come to each scene once, and look at it in four ways."""
    SCREENS.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(FLAGS)
        )
        with staged(Path(folder) / "var", browser) as stage:
            for name, show in {**PAGES, **PANELS}.items():
                if not names or name in names:
                    _keep(browser, name, _shots(show(stage)))
        browser.close()


def _shots(page: Page) -> list[bytes]:
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found.append(page.screenshot(animations="disabled"))
    page.set_viewport_size({"width": 1280, "height": HEIGHT})
    page.emulate_media(color_scheme="light")
    return found


def _keep(browser: Browser, name: str, shots: list[bytes]) -> None:
    images = [base64.b64encode(shot).decode() for shot in shots]
    tags = [f'<img src="data:image/png;base64,{image}">' for image in images]
    sheet = browser.new_page(viewport={"width": 1960, "height": 592})
    sheet.set_content(SHEET.format() + "".join(tags))
    path = SCREENS / f"{name.replace('_', '-')}.jpg"
    sheet.screenshot(path=path, type="jpeg", quality=60)
    sheet.close()


if __name__ == "__main__":
    draw(sys.argv[1:])
