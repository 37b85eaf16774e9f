"""Deciding in a row: the next request, undo, double presses, conflicts, drafts, danger."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from tests.journeys.house import wait_for

from .desk import IS_MARKED, MARK, PATIENCE, Desk, Question

pytestmark = pytest.mark.timeout(180)
expect.set_options(timeout=PATIENCE)

PRESS_TWICE = """() => {
    const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    window.answers = new Set();
    document.addEventListener("htmx:afterSwap", ({ detail }) => {
        if (detail.target?.id !== "main") return;
        window.answers.add(detail.xhr);
        press();
        document.getElementById("outcome-1").click();
    });
    press();
    press();
}"""
"""Twice at once, and again in the moment in which the next page has come."""


def is_post(reply: Response, path: str) -> bool:
    return reply.request.method == "POST" and urlsplit(reply.url).path == path


def heading(page: Page, subject: str) -> None:
    """The page of a request is there."""
    expect(page.locator("h1")).to_have_text(subject)


def quiet_is_over(page: Page) -> None:
    """So long after an advance that a key decides again."""
    page.evaluate("() => new Promise((done) => setTimeout(done, 450))")


def test_check_10_the_next_request_of_the_same_view_follows(desk: Desk) -> None:
    first, second, _ = desk.ask_all(["Row pear 1", "Row pear 2", "Row apple"])
    page = desk.seat("ada")
    desk.open(page, first, "?q=Row+pear&sort=oldest")
    page.evaluate(MARK)

    page.keyboard.press("a")

    heading(page, "Row pear 2")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("#say-polite")).to_have_text(
        "Approved. Next: Row pear 2, 1 of 1"
    )
    expect(page).to_have_url(f"{desk.house.url}{second.path}?q=Row+pear&sort=oldest")
    assert page.evaluate(IS_MARKED)  # no full page was loaded
    page.go_back()
    heading(page, "Row pear 1")


def test_check_10_who_does_not_want_to_go_on_stays(desk: Desk) -> None:
    asked, _ = desk.ask_all(["Stay 1", "Stay 2"])
    page = desk.seat("bob")
    desk.prefer(page, auto_advance=False)
    desk.open(page, asked, "?q=Stay")

    page.keyboard.press("a")

    heading(page, "Stay 1")
    expect(page.locator("#panel-title")).to_have_text("Approved")
    expect(page.locator("#panel-undo")).to_contain_text("Resumes in")
    expect(page.locator("#go-on")).to_contain_text("Stay 2")
    expect(page.locator("#panel-title")).to_have_text("Approved")
    wait_for(lambda: desk.status(asked) == "answered")
    expect(page.locator("#panel-undo")).to_have_count(0)  # it counts, and says so
    desk.prefer(page, auto_advance=True)


def fill(page: Page) -> None:
    page.get_by_role("textbox", name="Amount").fill("77")
    page.get_by_label("Urgent").check()
    page.get_by_role("textbox", name="Note").fill("Half of it\nis enough.")
    page.get_by_role("textbox", name="Reason").fill("The parcel was damaged.")
    page.keyboard.press("Escape")


def is_filled(page: Page) -> None:
    expect(page.get_by_role("textbox", name="Amount")).to_have_value("77")
    expect(page.get_by_label("Urgent")).to_be_checked()
    expect(page.get_by_role("textbox", name="Note")).to_have_value(
        "Half of it\nis enough."
    )
    expect(page.get_by_role("textbox", name="Reason")).to_have_value(
        "The parcel was damaged."
    )


def test_check_11_z_brings_the_request_back_with_all_that_was_typed(
    desk: Desk,
) -> None:
    asked, _ = desk.ask_all(["Undo 1", "Undo 2"], undo_seconds=60)
    page = desk.seat("ada")
    desk.open(page, asked, "?q=Undo&sort=oldest")
    fill(page)
    page.keyboard.press("a")
    heading(page, "Undo 2")
    assert desk.status(asked) == "decided"

    page.keyboard.press("z")

    heading(page, "Undo 1")
    is_filled(page)
    expect(page.locator("#say-polite")).to_contain_text("Taken back: Undo 1")
    assert desk.status(asked) == "open"
    kinds = desk.house.kinds(asked.run)
    assert "input_undone" in kinds
    assert "input_received" not in kinds  # the run did not go on
    assert desk.house.status(asked.run) == "waiting"


def test_check_11_after_the_time_z_says_that_it_is_too_late(desk: Desk) -> None:
    asked, _ = desk.ask_all(["Late undo 1", "Late undo 2"], undo_seconds=1)
    page = desk.seat("ada")
    desk.open(page, asked, "?q=Late+undo&sort=oldest")
    page.keyboard.press("a")
    heading(page, "Late undo 2")
    wait_for(lambda: desk.house.status(asked.run) == "completed")

    page.keyboard.press("z")

    expect(page.locator("#say-now")).to_have_text("Too late: it already counts.")
    expect(page.locator("#toast-late")).to_be_visible()
    heading(page, "Late undo 2")
    assert desk.votes(asked) == [("ada", "approve")]
    assert desk.status(asked) == "answered"


def test_check_12_two_presses_are_one_decision(desk: Desk) -> None:
    asked = desk.ask_all([f"Double {number}" for number in range(3)])
    page = desk.seat("ada")
    desk.open(page, asked[0], "?q=Double&sort=oldest")

    page.evaluate(PRESS_TWICE)

    heading(page, "Double 1")
    quiet_is_over(page)
    assert page.evaluate("answers.size") == 1
    heading(page, "Double 1")
    assert desk.votes(asked[0]) == [("ada", "approve")]
    assert desk.status(asked[1]) == "open"


def test_check_12_a_double_click_is_one_decision(desk: Desk) -> None:
    asked = desk.ask_all([f"Click {number}" for number in range(2)])
    page = desk.seat("ada")
    desk.open(page, asked[0], "?q=Click&sort=oldest")

    page.locator("#outcome-1").dblclick(delay=20)

    heading(page, "Click 1")
    quiet_is_over(page)
    assert desk.votes(asked[0]) == [("ada", "approve")]
    assert desk.status(asked[1]) == "open"


def test_check_13_the_second_of_two_sees_both_answers(desk: Desk) -> None:
    asked = desk.ask("Conflict", undo_seconds=0)
    ada, bob = desk.seat("ada"), desk.seat("bob")
    desk.open(ada, asked)
    desk.open(bob, asked)
    bob.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bob.get_by_role("textbox", name="Note").fill("Bob's own note")
    bob.get_by_role("textbox", name="Reason").fill("I see it otherwise.")

    ada.get_by_role("textbox", name="Amount").fill("180")
    ada.locator("#outcome-1").click()
    wait_for(lambda: desk.votes(asked))
    address = f"/requests/{asked.request}/"  # drafts and presence are posted elsewhere
    with bob.expect_response(lambda reply: is_post(reply, address)) as sent:
        bob.get_by_role("textbox", name="Reason").press("ControlOrMeta+Enter")

    assert sent.value.status == 409
    panel = bob.locator("#decide")
    expect(panel.locator("#panel-title")).to_contain_text("ada approved this at")
    expect(panel).to_contain_text("180")
    expect(panel.locator("#yours")).to_have_value(
        "Amount: 120\nUrgent: No\nNote: Bob's own note\nReason: I see it otherwise."
    )
    bob.locator("#copy-yours").click()
    expect(bob.locator("#say-polite")).to_have_text("Copied.")
    assert "Bob's own note" in bob.evaluate("navigator.clipboard.readText()")
    assert desk.votes(asked) == [("ada", "approve")]


def test_check_16_a_draft_is_back_in_another_browser(desk: Desk) -> None:
    asked = desk.ask("Draft of Mia", undo_seconds=0)
    page = desk.seat("ada")
    desk.open(page, asked)
    page.get_by_role("textbox", name="Note").fill("Not yet sure")
    page.get_by_role("textbox", name="Reason").fill("Half a thou")
    expect(page.locator("#draft-state")).to_contain_text("Draft saved")
    page.get_by_role("textbox", name="Reason").press_sequentially("ght")
    page.close(run_before_unload=True)

    other = desk.seat("ada")
    other.goto(f"{desk.house.url}/queue/?q=Draft+of")
    row = other.locator(f"#row-{asked.request}")
    expect(row).to_contain_text("draft", ignore_case=True)
    desk.open(other, asked, "?q=Draft+of")
    expect(other.get_by_role("textbox", name="Note")).to_have_value("Not yet sure")
    expect(other.get_by_role("textbox", name="Reason")).to_have_value("Half a thought")

    other.locator("#outcome-1").click()
    expect(other.locator("#decide")).to_contain_text("Approved")
    drafts = "SELECT 1 FROM review_app_draft WHERE request_id = %s"
    assert desk.house.query(drafts, asked.request) == []


def danger(desk: Desk, subject: str, confirm: bool | str) -> tuple[Page, Question]:
    asked = desk.ask(subject, confirm=confirm)
    page = desk.seat("ada")
    desk.open(page, asked)
    return page, asked


def test_check_20_danger_asks_once_more(desk: Desk) -> None:
    page, asked = danger(desk, "Danger", confirm=True)
    dialog = page.locator("dialog[open]")

    page.keyboard.press("3")
    expect(page.locator("#error-summary")).to_be_focused()  # the reason comes first
    assert desk.status(asked) == "open"
    page.get_by_role("textbox", name="Reason").fill("Ordered twice.")
    page.keyboard.press("Escape")
    page.keyboard.press("3")

    expect(dialog).to_contain_text("Danger")
    expect(dialog).to_contain_text("The order is gone for ever.")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    for key in ("a", "1", "r", "2", "3", "n", "z"):
        page.keyboard.press(key)
    heading(page, "Danger")
    assert desk.status(asked) == "open"
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#outcome-3")).to_be_focused()

    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#outcome-3")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for(lambda: desk.votes(asked) == [("ada", "delete")])


def test_check_20_a_word_must_be_typed(desk: Desk) -> None:
    page, asked = danger(desk, "Typed danger", confirm="delete")
    page.get_by_role("textbox", name="Reason").fill("Ordered twice.")
    page.locator("#outcome-3").click()
    page.locator("#word-3").fill("remove")
    page.locator("#confirm-3-send").click()
    expect(page.locator("#decide")).to_contain_text("Type the word “delete”")
    assert desk.status(asked) == "open"

    page.locator("#word-chosen").fill("delete")
    page.locator("#confirm-send").click()

    wait_for(lambda: desk.votes(asked) == [("ada", "delete")])


def test_check_20_no_request_alone_gets_past_the_dialog(desk: Desk) -> None:
    page, asked = danger(desk, "Forged danger", confirm=True)
    page.get_by_role("textbox", name="Reason").fill("Ordered twice.")
    form = page.locator("#decision")
    fields = form.evaluate("(form) => Object.fromEntries(new FormData(form))")

    reply = page.request.post(
        f"{desk.house.url}{asked.path}",
        form={**fields, "outcome": "delete"},
        headers={"Referer": desk.house.url},
    )

    assert reply.status == 200
    assert 'id="confirm-send"' in reply.text()
    assert desk.status(asked) == "open"
