"""The dashboard in a browser: quietly up to date, and readable without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .browsing import ask, sign_in, wait_until_live
from .house import House

pytestmark = pytest.mark.timeout(180)
WITHIN = 25_000


def test_numbers_follow_what_happens_and_nothing_that_is_touched_moves(
    house: House, page: Page
) -> None:
    sign_in(page, house, "olga")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/dashboard/")
    wait_until_live(page)
    waiting = page.locator("#dash-waiting strong")
    before = int(waiting.inner_text())
    page.locator("#dash-waiting-show").click()
    page.locator("#dash-runs-waiting").focus()
    place = page.evaluate("scrollY")

    ask(house, "dashboard")

    expect(waiting).to_have_text(str(before + 1), timeout=WITHIN)
    expect(page.locator("#dash-runs-waiting")).to_be_focused()
    assert page.evaluate("scrollY") == place
    expect(page.locator("#dash-waiting-show ~ .tall")).to_be_visible()
    page.locator("#dash-waiting").click()
    tab = page.locator("#tab-all[aria-current=page]")
    expect(tab.locator(".count")).to_have_text(str(before + 1))


def test_charts_are_tables_too_without_scripts(house: House, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, house, "olga")
    page.goto(f"{house.url}/dashboard/")

    page.locator("#dash-waiting-show").click()
    expect(
        page.get_by_role("row", name=re.compile(r"\d\d:\d\d \d+")).first
    ).to_be_visible()
    page.locator("#dash-by-group").click()
    expect(page.get_by_role("columnheader", name="Group")).to_be_visible()
    with page.expect_download() as download:
        page.locator("#dash-waiting-csv").click()
    assert download.value.suggested_filename == "waiting.csv"
    page.context.close()
