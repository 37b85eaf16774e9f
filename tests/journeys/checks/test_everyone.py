"""Everyone can decide: without scripts, without a mouse, with or without single keys."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.house import wait_for

from .desk import PATIENCE, RING, Desk

pytestmark = pytest.mark.timeout(180)
expect.set_options(timeout=PATIENCE)

KEYS = """() => [...document.querySelectorAll("[data-key][data-says]")]
    .filter((each) => !each.disabled && !each.hidden)
    .filter((each) => each.closest("details:not([open])") || each.checkVisibility())
    .map((each) => each.dataset.says)"""
SINGLE = [
    "a",
    "r",
    "1",
    "2",
    "3",
    "j",
    "k",
    "n",
    "e",
    "m",
    "c",
    "u",
    "s",
    "y",
    "z",
    "?",
    "/",
]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_check_02_everything_works_without_javascript(desk: Desk) -> None:
    asked = desk.ask("Plainly pay Mia", claim="required")
    desk.ask("Plainly pay Ben")
    page = desk.seat("ada", java_script_enabled=False)

    page.fill("[name=q]", "Plainly pay Mia")
    page.get_by_role("button", name=re.compile("Filter|Show")).first.click()
    expect(page.locator(".row-link")).to_have_count(1)
    page.locator(".row-link").click()
    page.get_by_role("button", name=re.compile("^Claim")).click()
    expect(page.locator("#decide")).to_contain_text("Yours until")

    page.get_by_role("textbox", name="Amount").fill("900")
    page.get_by_role("textbox", name="Note").fill("Paid twice")
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.locator("#error-summary")).to_be_visible()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Paid twice")
    page.get_by_role("textbox", name="Amount").fill("90")
    page.get_by_role("button", name=re.compile("^Approve")).click()

    expect(page.locator("#main")).to_contain_text("Approved")
    assert desk.votes(asked) == [("ada", "approve")]
    wait_for(lambda: desk.house.status(asked.run) == "completed")


def test_check_03_the_keyboard_alone_decides(desk: Desk) -> None:
    asked = desk.ask_all([f"Keyboard {number}" for number in range(3)])
    page = desk.seat("ada")
    page.goto(f"{desk.house.url}/queue/?q=Keyboard&sort=oldest")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")

    for key in ("j", "j"):
        page.keyboard.press(key)
        assert page.evaluate(RING)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{asked[1].path}**")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")

    page.keyboard.press("e")
    assert focused(page) == "id_answer-amount"
    assert page.evaluate(RING)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("77")
    while focused(page) != "id_reason":
        page.keyboard.press("Tab")
        assert page.evaluate(RING), focused(page)
    page.keyboard.type("Looks right.")
    page.keyboard.press("ControlOrMeta+Enter")

    expect(page.locator("h1")).to_have_text("Keyboard 2")
    assert page.evaluate(RING)
    assert desk.votes(asked[1]) == [("ada", "approve")]
    answer = desk.house.query(
        "SELECT answer, reason FROM workflows_app_inputresponse WHERE request_id = %s",
        asked[1].request,
    )
    assert '"amount":77' in answer[0][0].replace(" ", "")
    assert answer[0][1] == "Looks right."


def test_check_04_keys_are_silent_in_fields(desk: Desk) -> None:
    asked = desk.ask("Silent keys")
    page = desk.seat("ada")
    desk.open(page, asked, "?q=Silent")
    before = page.url

    page.locator("#id_reason").focus()
    page.keyboard.type("approve cr?")

    expect(page.locator("#id_reason")).to_have_value("approve cr?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.url == before
    assert desk.status(asked) == "open"


def test_check_04_the_list_of_keys_is_that_of_the_page(desk: Desk) -> None:
    asked = desk.ask("Listed keys", claim="on_typing")
    page = desk.seat("ada")
    for path in (f"{asked.path}?q=Listed", "/queue/", f"/runs/{asked.run}/"):
        page.goto(f"{desk.house.url}{path}")
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        there = page.evaluate(KEYS)
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        assert page.locator("#keys-list dd").all_inner_texts() == there
        page.keyboard.press("Escape")


def test_check_04_who_wants_no_single_keys_has_none(desk: Desk) -> None:
    asked, other = desk.ask_all(["Without keys 1", "Without keys 2"])
    page = desk.seat("dana")
    desk.prefer(page, single_keys=False)
    desk.open(page, asked, "?q=Without+keys")
    before = page.url

    for key in SINGLE:
        page.keyboard.press(key)

    assert page.url == before
    assert focused(page) == ""
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert {desk.status(asked), desk.status(other)} == {"open"}
    page.locator("#id_reason").focus()
    page.keyboard.press("ControlOrMeta+Enter")  # no single key
    expect(page.locator("h1")).to_have_text("Without keys 2")
