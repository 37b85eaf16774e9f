"""Everyone can read the pages: no violation that axe can find, and no sideways scroll."""

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.browsing import violations
from tests.journeys.scenes import PAGES, PANELS, Stage, staged

pytestmark = pytest.mark.timeout(900)

WAYS = list(product((1280, 390), ("light", "dark")))


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage") / "var", browser) as stage:
        yield stage


@pytest.mark.parametrize("scene", [*PAGES, *PANELS])
def test_check_01_axe_clean(stage: Stage, scene: str) -> None:
    page = {**PAGES, **PANELS}[scene](stage)

    found = {(width, scheme): _faults(page, width, scheme) for width, scheme in WAYS}

    assert {way: faults for way, faults in found.items() if faults} == {}
    assert stage.refused == []


def _faults(page: Page, width: int, scheme: str) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*violations(page), *(["scrolls sideways"] if wide else [])]
