"""What somebody types is his: it survives events, lost connections and deadlines."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.house import wait_for

from .desk import PATIENCE, Desk, Question

pytestmark = pytest.mark.timeout(180)
expect.set_options(timeout=PATIENCE)

PLACE = """() => {
    const at = document.activeElement;
    return [at.id, at.value, at.selectionStart, at.selectionEnd,
        at.getBoundingClientRect().left, at.getBoundingClientRect().top];
}"""
CARET = "(field) => field.setSelectionRange(5, 5)"
LOSS_IS_SEEN_WITHIN = 3_000


def half_typed(page: Page) -> list[Any]:
    """Type into the reason, put the caret in its middle; where all of it is."""
    reason = page.get_by_role("textbox", name="Reason")
    reason.fill("Half typed, and more to come")
    reason.evaluate(CARET)
    page.evaluate("scrollTo(0, 30)")
    return place(page)


def place(page: Page) -> list[Any]:
    """What has the focus, what it holds, where its caret is, and where it is on the screen."""
    found: list[Any] = page.evaluate(PLACE)
    return found


def test_check_06_typing_survives_all_that_goes_on(desk: Desk) -> None:
    asked = desk.ask("Busy", "talks", claim="on_typing")
    page, other = desk.seat("ada"), desk.seat("bob")
    desk.open(page, asked)
    desk.open(other, asked)
    before = half_typed(page)
    expect(page.locator("#decide")).to_contain_text("Yours until")

    desk.caller.respond(asked.run, "more", None)
    wait_for(lambda: desk.house.kinds(asked.run).count("progress") == 200)
    other.locator("#take-over summary").click()
    other.locator("#take-over-reason").fill("You are at lunch.")
    other.locator("#take-over-send").click()
    other.locator("#comment-text").fill("Mind the currency.")
    other.locator("#comment-send").click()
    desk.ask("One more for the queue")

    expect(page.locator("#comment-list")).to_contain_text("Mind the currency.")
    expect(page.locator("#decide")).to_contain_text("bob holds this")
    expect(page.locator("#timeline [data-number]").last).to_have_attribute(
        "data-number", str(len(desk.house.kinds(asked.run)))
    )
    after = place(page)
    assert after[:5] == before[:5]
    assert abs(after[5] - before[5]) < 2  # each time it scrolls by whole pixels


def test_check_09_the_pill_tells_of_a_lost_connection_and_of_its_return(
    desk: Desk,
) -> None:
    page = desk.seat("ada")
    pill = page.locator("#connection")
    expect(pill).to_have_attribute("data-state", "live")

    desk.house.kill("web")

    expect(pill).to_contain_text("Reconnecting", timeout=LOSS_IS_SEEN_WITHIN)
    expect(pill).to_have_attribute("data-state", "live", timeout=2 * PATIENCE)


def test_check_09_an_answer_that_is_not_sent_is_kept_and_sent_once(desk: Desk) -> None:
    asked, _ = desk.ask_all(["Offline 1", "Offline 2"])
    page = desk.seat("ada")
    desk.open(page, asked, "?q=Offline&sort=oldest")
    page.get_by_role("textbox", name="Note").fill("Written in the train")
    page.context.set_offline(True)

    page.locator("#outcome-1").click()

    notice = page.locator("#not-sent")
    expect(notice).to_contain_text("Not sent. Your text is saved on this device.")
    expect(page.get_by_role("textbox", name="Note")).to_have_value(
        "Written in the train"
    )
    assert desk.votes(asked) == []
    page.context.set_offline(False)
    page.locator("#retry").click()
    expect(page.locator("h1")).to_have_text("Offline 2")
    assert desk.votes(asked) == [("ada", "approve")]
    assert page.evaluate("localStorage.length") == 0


def test_check_09_an_answer_whose_receipt_is_lost_counts_once(desk: Desk) -> None:
    asked, _ = desk.ask_all(["Receipt 1", "Receipt 2"])
    page = desk.seat("ada")
    desk.open(page, asked, "?q=Receipt&sort=oldest")
    page.route(f"**{asked.path}*", _lose_receipt)
    page.locator("#outcome-1").click()
    expect(page.locator("#not-sent")).to_be_visible()
    assert desk.votes(asked) == [("ada", "approve")]  # it had come through

    page.unroute_all()
    page.locator("#retry").click()

    expect(page.locator("h1")).to_have_text("Receipt 2")
    assert desk.votes(asked) == [("ada", "approve")]


def _lose_receipt(route: Route) -> None:
    """The answer reaches the server, and what the server says gets lost."""
    if route.request.method == "POST":
        route.fetch()
        route.abort()
    else:
        route.continue_()


def test_check_09_what_was_not_sent_is_there_after_a_reload(desk: Desk) -> None:
    asked = desk.ask("Reloaded")
    page = desk.seat("ada")
    desk.open(page, asked)
    page.route(f"**{asked.path}**", _refuse_posts)
    page.get_by_role("textbox", name="Note").fill("Written in the train")
    page.get_by_label("Urgent").check()
    page.locator("#outcome-1").click()
    expect(page.locator("#not-sent")).to_be_visible()

    page.reload()

    expect(page.locator("#not-sent")).to_be_visible()
    expect(page.get_by_role("textbox", name="Note")).to_have_value(
        "Written in the train"
    )
    expect(page.get_by_label("Urgent")).to_be_checked()
    page.unroute_all()
    page.locator("#retry").click()
    wait_for(lambda: desk.votes(asked) == [("ada", "approve")])


def _refuse_posts(route: Route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def shift(desk: Desk, asked: Question, hours: float) -> None:
    """Show the request as if its deadline were so many hours ahead."""
    desk.house.query(
        "UPDATE workflows_app_inputrequest SET"
        " expires_at = now() + %s * interval '1 hour' WHERE id = %s RETURNING 1",
        hours,
        asked.request,
    )


def test_check_19_the_badge_tells_how_pressing_it_is(desk: Desk) -> None:
    asked = desk.ask("Pressing", due_in=4 * 3600.0, on_due="reject")
    page = desk.seat("ada")
    for hours, words in ((4, "Due in"), (0.5, "Soon"), (-0.1, "Late")):
        shift(desk, asked, hours)
        desk.open(page, asked)
        badges = page.locator("header .badges").first
        expect(badges).to_contain_text(words, ignore_case=True)


def test_check_19_the_deadline_closes_an_open_page_and_leaves_its_text(
    desk: Desk,
) -> None:
    asked = desk.ask("Deadline", due_in=8.0, on_due="reject")
    page = desk.seat("ada")
    desk.open(page, asked)
    before = half_typed(page)

    news = page.locator("#request-news")
    expect(news).to_contain_text("Closed by deadline at")
    expect(news).to_contain_text("rejected")
    expect(page.locator("#outcome-1")).to_be_hidden()
    assert place(page)[:4] == before[:4]
    page.get_by_role("textbox", name="Reason").press("ControlOrMeta+Enter")

    expect(page.locator("#panel-title")).to_contain_text("Closed by deadline at")
    expect(page.locator("#yours")).to_have_value(re.compile("Half typed, and more"))
    page.locator("#history summary").click()
    expect(page.locator("#history")).to_contain_text("by deadline")
    assert desk.votes(asked) == [("deadline", "reject")]
