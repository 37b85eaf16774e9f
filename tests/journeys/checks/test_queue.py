"""The review queue as reviewers use it: checks 05, 21 and 25 of the pages."""

import csv
import re
import uuid
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.journeys.browsing import ask, send, sign_in, violations, wait_until_live
from tests.journeys.house import House, wait_for

pytestmark = pytest.mark.timeout(180)

SPEND = """
import sys, django
django.setup()
from workflows_app.runtime.definitions import find_current
from workflows_app.runtime.starting import Start, start, start_event
definition = find_current("expense")
for number in range(int(sys.argv[2])):
    fields = {
        "employee": f"{sys.argv[1]} {number}",
        "purpose": "Boat fair",
        "items": [{"what": "Train", "amount": 12.5}],
    }
    start(definition, Start(event=start_event(definition, fields)))
"""
APPROVE = """
import sys, django
django.setup()
from django.contrib.auth.models import User
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Answer, Handler
asked = InputRequest.objects.get(pk=sys.argv[1])
user = User.objects.get(username="bob")
Handler(asked.run_id).respond(asked.request_id, Answer(outcome="approve", user=user))
"""
ASK = """
import sys, django
django.setup()
from workflows_app.engine import InputRequestEvent
from workflows_app.engine.emission import as_request
from workflows_app.runtime.external import ask
for subject in sys.argv[1:]:
    ask(as_request(InputRequestEvent(subject=subject)))
"""
OPEN = """
    SELECT id::text FROM workflows_app_inputrequest
    WHERE subject LIKE %s AND status = 'open' ORDER BY subject
"""
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input, select, summary")]
    .filter((each) => !each.matches(".skip") && each.checkVisibility() && each.type !== "hidden" && !each.disabled)
    .map((each) => [each.id, each.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 24) && box.right > 0)
    .map(([id, box]) => `${id}: ${box.width} x ${box.height}`)"""
MOVING = """() => [...document.querySelectorAll("*")].filter((each) => {
    const style = getComputedStyle(each);
    return style.transitionDuration !== "0s" || style.animationName !== "none";
}).map((each) => each.id || each.tagName)"""
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def house(own_house: House) -> House:
    """Nobody else asks there."""
    return own_house


@pytest.fixture
def person(browser: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """Opens a browser in which somebody is signed in."""
    contexts = []

    def open_browser(name: str, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        sign_in(page, house, name)
        return page

    yield open_browser
    for context in contexts:
        context.close()


def word() -> str:
    return f"word{uuid.uuid4().hex[:8]}"


def spend(house: House, name: str, count: int) -> list[str]:
    """Ask for so many expenses of the same kind; the ids of the requests."""
    house.run_python(SPEND, name, str(count))

    def find() -> list[str] | None:
        found = [str(row[0]) for row in house.query(OPEN, f"%{name}%")]
        return found if len(found) == count else None

    return wait_for(find)


def subjects(page: Page) -> list[str]:
    return page.locator("#queue-rows .row-link").all_inner_texts()


def undo(page: Page) -> Locator:
    return page.locator("#toasts").get_by_role("button", name=re.compile("Undo"))


# 05: live arrival


def test_check_05_a_new_request_is_counted_and_moves_nothing(
    house: House, person: Callable[..., Page]
) -> None:
    ask(house, word())
    ask(house, word())
    page = person("ada")
    page.goto(f"{house.url}/queue/?sort=newest")
    wait_until_live(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.id")
    assert focused.startswith("open-")
    before, place = subjects(page), page.locator(f"#{focused}").bounding_box()
    count = int(page.locator("#tab-ready .count").inner_text())

    name = word()
    run_id = send(house, name)
    wait_for(lambda: house.question(run_id))

    expect(page.locator("#queue-new")).to_contain_text("1 new request", timeout=2_000)
    expect(page.locator("#queue-new")).to_contain_text(name)
    expect(page.locator("#tab-ready .count")).to_have_text(str(count + 1))
    expect(page).to_have_title(re.compile(rf"^\({count + 1}\) Queue"))
    said = f"1 new request, {count + 1} in this list."
    expect(page.locator("#say-polite")).to_have_text(said)
    assert subjects(page) == before
    assert page.evaluate("document.activeElement.id") == focused
    assert page.locator(f"#{focused}").bounding_box() == place

    page.keyboard.press(".")
    expect(page.locator("#queue-rows")).to_contain_text(name)
    expect(page.locator("#show-new")).to_have_count(0)


def test_check_05_news_that_come_while_older_ones_are_on_their_way_are_counted(
    house: House, person: Callable[..., Page]
) -> None:
    page, held = person("ada"), list[Route]()
    page.add_init_script("Math.random = () => 0")  # this page asks at once
    with page.expect_websocket() as opened:
        page.goto(f"{house.url}/queue/")
    wait_until_live(page)
    count = int(page.locator("#open-count").get_attribute("data-count") or "")

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/queue/count/", hold, times=1)
    ask(house, word())
    page.wait_for_selector("#open-count.htmx-request")
    older = held[0].fetch()

    with opened.value.expect_event("framereceived", lambda text: '"queue"' in text):
        ask(house, word())
    page.evaluate("new Promise((done) => setTimeout(done))")
    held[0].fulfill(response=older)

    counted = page.locator("#open-count")
    expect(counted).to_have_attribute("data-count", str(count + 2))


def test_check_05_what_others_do_changes_a_row_in_its_place(
    house: House, person: Callable[..., Page]
) -> None:
    name = word()
    first, second = spend(house, name, 2)
    page, other = person("ada"), person("bob")
    page.goto(f"{house.url}/queue/?q={name}")
    wait_until_live(page)
    page.focus(f"#open-{second}")
    place = _corner(page, second)

    other.goto(f"{house.url}/requests/{second}/")
    other.click("#claim")
    expect(page.locator(f"#facts-{second}")).to_contain_text("bob, until")
    house.run_python(APPROVE, first)

    row = page.locator(f"#row-{first}")
    expect(row).to_contain_text("Approved by bob, just now")
    expect(row.locator(".pick")).to_be_disabled()
    expect(page.locator("#tab-ready .count")).to_have_text("0")
    assert page.evaluate("document.activeElement.id") == f"open-{second}"
    assert _corner(page, second) == place
    page.reload()
    expect(page.locator("#queue-rows")).to_have_count(0)


# 21: bulk


def test_check_21_several_are_decided_at_once_and_taken_back_at_once(
    house: House, person: Callable[..., Page]
) -> None:
    name = word()
    first, second, third = spend(house, name, 3)
    page = person("ada")
    page.goto(f"{house.url}/queue/?q={name}")
    for pk in (first, second, third):
        page.check(f"#pick-{pk}")
    expect(page.locator("#chosen-count")).to_have_text("3 chosen")
    page.get_by_role("button", name="Approve…").click()
    expect(page.locator("#subjects li")).to_have_count(3)
    house.run_python(APPROVE, second)
    page.fill("#id_reason", "Receipts are complete.")
    page.click("#confirm-send")

    expect(page.locator("#queue-said")).to_contain_text("Approved: 2 requests.")
    expect(page.locator("#not-done .row")).to_have_count(1)
    failed = page.locator(f"#not-done #row-{second}")
    expect(failed).to_contain_text("bob has decided this already: approve.")
    expect(failed.locator(".pick")).to_be_checked()
    expect(page.locator(f"#row-{first}, #row-{third}")).to_have_count(0)
    undo(page).click()

    expect(page.locator("#main")).to_contain_text("Taken back: 2 decisions.")
    expect(page.locator("#queue-rows .row")).to_have_count(2)
    assert {row[0] for row in house.query(OPEN, f"%{name}%")} == {first, third}
    reasons = "SELECT DISTINCT reason FROM workflows_app_inputresponse WHERE user_id ="
    reasons += " (SELECT id FROM auth_user WHERE username = 'ada') AND reason <> ''"
    assert house.query(reasons) == [("Receipts are complete.",)]


def test_check_21_different_steps_offer_no_decision_together(
    house: House, person: Callable[..., Page]
) -> None:
    name = word()
    (spent,) = spend(house, name, 1)
    _, deployed = ask(house, name)
    page = person("ada")
    page.goto(f"{house.url}/queue/?q={name}")
    page.check(f"#pick-{spent}")
    expect(page.get_by_role("button", name="Approve…")).to_be_visible()

    page.check(f"#pick-{deployed}")

    expect(page.locator("#offer")).to_contain_text("may only be decided by itself")
    expect(page.locator("#several [name=do][value^=decide]")).to_have_count(0)
    expect(page.locator("#several-claim")).to_be_visible()


def test_keys_move_choose_claim_and_put_off(
    house: House, person: Callable[..., Page]
) -> None:
    name = word()
    asked = spend(house, name, 4)
    page = person("ada")
    page.goto(f"{house.url}/queue/?q={name}&sort=oldest")
    rows = _rows(page)
    for key in ("j", "ArrowDown", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator("#chosen-count")).to_have_text("3 chosen")
    assert not page.locator(f"#pick-{rows[0]}").is_checked()
    page.keyboard.press("c")
    expect(page.locator("#queue-said")).to_have_text("Claimed 3 requests.")
    expect(page.locator(f"#open-{rows[3]}")).to_be_focused()
    expect(page.locator("#tab-mine .count")).to_have_text("3")

    page.keyboard.press("u")
    expect(page.locator("#queue-said")).to_have_text("Released 1 request.")
    page.keyboard.press("s")
    expect(page.locator("#snooze-hour")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#queue-said")).to_have_text("Snoozed 1 request.")
    expect(page.locator(f"#open-{rows[2]}")).to_be_focused()
    for key in ("a", "r", "1"):
        page.keyboard.press(key)
    assert len(house.query(OPEN, f"%{name}%")) == len(asked)

    page.keyboard.press("n")
    page.wait_for_url(f"**/requests/{rows[0]}/**")
    expect(page.locator("#claim-line")).to_contain_text("Yours until")


# 25: filters, saved views, export, mobile


def test_check_25_the_address_alone_brings_the_list_back(
    house: House, person: Callable[..., Page]
) -> None:
    name = word()
    for _ in range(3):
        ask(house, name)
    ask(house, word())
    page = person("ada")
    page.fill("#filter-q", name)
    page.keyboard.press("Enter")
    expect(page.locator("#queue-rows .row")).to_have_count(3)
    page.select_option("#filter-workflow", "release-gate")
    page.wait_for_url("**workflow=release-gate*")
    page.select_option("#sort", "newest")
    page.wait_for_url("**sort=newest*")
    address, rows = page.url, _rows(page)
    assert len(rows) == 3
    assert rows == sorted(rows, key=lambda row: -_opened(house, row))
    expect(page.locator("#found")).to_contain_text("3 of ")

    page.reload()
    assert _rows(page) == rows
    page.locator("#queue-rows .row-link").first.click()
    expect(page.locator("#place")).to_contain_text("1 of 3")
    page.go_back()
    expect(page.locator("#queue-rows .row")).to_have_count(3)
    assert (page.url, _rows(page)) == (address, rows)

    elsewhere = person("bob")
    elsewhere.goto(address)
    assert _rows(elsewhere) == rows
    page.click("#clear-filters")
    expect(page.locator("#filter-q")).to_have_value("")


def test_check_25_a_shared_view_shows_each_colleague_what_he_may_see(
    house: House, person: Callable[..., Page]
) -> None:
    name = word()
    spend(house, name, 2)
    page = person("ada")
    page.goto(f"{house.url}/queue/?q={name}&tab=all")
    page.click("#save-view")
    page.fill("#id_name", f"View of {name}")
    page.select_option("#id_group", label="reviewers")
    page.click("#save")
    expect(page.locator("#saved-views")).to_contain_text(f"View of {name} 2")
    rows = _rows(page)

    colleague, lead = person("bob"), person("dana")
    colleague.get_by_role("link", name=f"View of {name}").click()
    expect(colleague.locator("#queue-rows .row")).to_have_count(2)
    assert _rows(colleague) == rows
    expect(lead.locator("#main")).not_to_contain_text(f"View of {name}")
    lead.goto(colleague.url)
    expect(lead.locator("#queue-empty")).to_contain_text("Nothing fits these filters")


def test_check_25_the_export_has_the_same_rows_and_no_formula(
    house: House, person: Callable[..., Page]
) -> None:
    name = word()
    house.run_python(ASK, *[f"{sign}1 {name}" for sign in "=+-@"], f"plain {name}")
    page = person("ada")
    page.goto(f"{house.url}/queue/?q={name}&sort=oldest")
    expect(page.locator("#queue-rows .row")).to_have_count(5)

    with page.expect_download() as taken:
        page.click("#export")

    rows = list(csv.DictReader(StringIO(taken.value.path().read_text())))
    assert [row["id"] for row in rows] == _rows(page)
    told = [f"'{sign}1 {name}" for sign in "=+-@"]
    assert [row["subject"] for row in rows] == [*told, f"plain {name}"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_check_25_a_phone_shows_all_of_it_without_scrolling_sideways(
    house: House, person: Callable[..., Page], scheme: str
) -> None:
    name = f"{word()} {'long ' * 30}{'x' * 80}"
    spend(house, name[:180], 2)
    options = {"viewport": {"width": 390, "height": 800}, "color_scheme": scheme}
    page = person("ada", reduced_motion="reduce", **options)
    for path in ("/queue/", f"/queue/?q={name[:8]}&tab=all", "/queue/views/"):
        page.goto(house.url + path)
        wait_until_live(page)
        if page.locator(".pick").count():
            page.locator(".pick").first.check()
            expect(page.locator("#several")).to_be_visible()
        assert page.evaluate(FITS), path
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate(MOVING) == []
        assert violations(page) == []


def _corner(page: Page, pk: str) -> tuple[float, float]:
    """Where a row begins; what it says may be longer than before."""
    box = page.locator(f"#open-{pk}").bounding_box()
    assert box
    return box["x"], box["y"]


def _rows(page: Page) -> list[str]:
    """The ids of the requests that are listed, in order."""
    found = page.locator("#queue-rows .row").evaluate_all("rows => rows.map(r => r.id)")
    return [str(each).removeprefix("row-") for each in found]


def _opened(house: House, pk: str) -> float:
    at = "SELECT extract(epoch FROM opened_at) FROM workflows_app_inputrequest"
    return float(house.query(f"{at} WHERE id = %s", pk)[0][0])
