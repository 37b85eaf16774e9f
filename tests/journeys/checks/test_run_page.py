"""The page of a run while things happen: checks 07, 08, 18 and 24 of the pages."""

import itertools
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from review_app.run.lines import SHOWN
from tests.journeys.browsing import ask, sign_in, violations, wait_until_live
from tests.journeys.caller import Caller
from tests.journeys.house import House, wait_for
from tests.tries import shortest

pytestmark = pytest.mark.timeout(240)

BACK_IN_TIME = 16_000
"""Milliseconds: the longest pause between two tries to connect is 15 s."""
OPENS_WITHIN = 2.0
QUIET = 5.0
MANY = 5_000

TOGGLE = """
import sys, django
django.setup()
from workflows_app.runtime.handler import Handler
run = Handler(sys.argv[1])
for _ in range(int(sys.argv[2]) // 2):
    run.hold(actor="olga")
    run.resume_in_place(actor="olga")
"""
NUMBERS = "rows => rows.map((row) => Number(row.dataset.number))"
HIDE = """(isHidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
    const state = isHidden ? "hidden" : "visible";
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
LOADED = """() => {
    const [page] = performance.getEntriesByType("navigation");
    return page.domContentLoadedEventEnd / 1000;
}"""
SPOKEN = """() => {
    window.spokenAt = [];
    const note = () => window.spokenAt.push(Date.now() / 1000);
    new MutationObserver(note).observe(document.getElementById("spoken"), { childList: true });
}"""
IS_AT_END = "() => document.querySelector('#timeline').getBoundingClientRect().bottom <= innerHeight + 80"


@dataclass
class Stage:
    """A house whose workflow tells and asks as much as wanted, and olga, who looks."""

    house: House
    caller: Caller
    olga: Page

    def start(self, *, lines: int = 0, questions: int = 1) -> str:
        """A run that has asked all its questions."""
        run_id = self.caller.start("telling", lines=lines, questions=questions)
        wait_for(lambda: self.house.status(run_id) == "waiting", seconds=60)
        return run_id

    def open(self, run_id: str, query: str = "") -> Page:
        self.olga.goto(f"{self.house.url}/runs/{run_id}/{query}")
        wait_until_live(self.olga)
        return self.olga

    def tell(self, run_id: str, lines: int) -> None:
        """So many more lines, two by two: paused, and let go on."""
        self.house.run_python(TOGGLE, run_id, str(lines))


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[Stage]:
    house = House(
        tmp_path_factory.mktemp("house") / "var", HOLDPOINT_APPS="tests.running_app"
    ).start()
    caller, context = Caller(house), browser.new_context()
    context.set_default_timeout(15_000)
    olga = context.new_page()
    sign_in(olga, house, "olga")
    yield Stage(house, caller, olga)
    context.close()
    caller.close()
    house.stop()


def numbers(page: Page) -> list[int]:
    """The numbers of the rows, from top to bottom."""
    found: list[int] = page.locator("#timeline > li").evaluate_all(NUMBERS)
    return found


def expect_lines(page: Page, last: int, *, within: int = 15_000) -> None:
    """All rows from the first to the last are there: in order, and each once."""
    expect(page.locator(f"#event-{last}")).to_be_attached(timeout=within)
    assert numbers(page) == list(range(1, last + 1))


# 07


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_check_07_a_page_shows_what_happened_while_its_server_was_away(
    stage: Stage, page: Page, how: signal.Signals
) -> None:
    house, run_id = stage.house, stage.start()
    url = house.start_second_web()
    port = int(url.rpartition(":")[2])
    sign_in_at(page, house, url)
    page.goto(f"{url}/runs/{run_id}/")
    wait_until_live(page)
    before = len(numbers(page))
    house.end_second_web(how)
    expect(page.locator("#connection")).to_contain_text("Reconnecting")
    stage.tell(run_id, 50)
    assert len(numbers(page)) == before
    house.start_second_web(port)
    expect_lines(page, before + 50, within=BACK_IN_TIME)
    expect(page.locator("#connection")).to_have_text("Live")
    house.end_second_web(signal.SIGKILL)


def sign_in_at(page: Page, house: House, url: str) -> None:
    page.goto(f"{url}/login/")
    page.fill("[name=username]", "olga")
    page.fill("[name=password]", house.password("olga"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue/")


@dataclass
class Door:
    """Stands between the page and its server, and can be shut: "please reconnect"."""

    is_open: bool = True
    passed: list[WebSocketRoute] = field(default_factory=list)

    def meet(self, socket: WebSocketRoute) -> None:
        if self.is_open:
            socket.connect_to_server()
            self.passed.append(socket)
        else:
            socket.close(code=4000)

    def shut(self) -> None:
        self.is_open = False
        for socket in self.passed:
            socket.close(code=4000)


def test_check_07_a_page_that_is_asked_to_reconnect_misses_and_doubles_nothing(
    stage: Stage, page: Page
) -> None:
    run_id, door = stage.start(), Door()
    page.route_web_socket(re.compile("/ws/live/"), door.meet)
    sign_in(page, stage.house, "olga")
    page.goto(f"{stage.house.url}/runs/{run_id}/")
    wait_until_live(page)
    before = len(numbers(page))
    door.shut()
    expect(page.locator("#connection")).to_contain_text("Reconnecting")
    stage.tell(run_id, 50)
    assert len(numbers(page)) == before
    door.is_open = True
    expect_lines(page, before + 50, within=BACK_IN_TIME)


# 08


def test_check_08_a_hidden_tab_loses_and_doubles_nothing_and_its_title_is_right(
    stage: Stage, page: Page
) -> None:
    run_id = stage.start()
    sign_in(page, stage.house, "ada")
    page.goto(f"{stage.house.url}/runs/{run_id}/")
    wait_until_live(page)
    before, waiting = len(numbers(page)), title_count(page)
    page.evaluate(HIDE, True)
    stage.tell(run_id, 20)
    ask(stage.house, "hidden")
    expect(page).to_have_title(re.compile(rf"^\({waiting + 1}\) "))
    page.evaluate(HIDE, False)
    expect_lines(page, before + 20)
    assert title_count(page) == waiting + 1


def title_count(page: Page) -> int:
    found = re.match(r"\((\d+)\)", page.title())
    return int(found[1]) if found else 0


# 18


def test_check_18_all_open_requests_of_a_run_are_shown_and_answered_in_any_order(
    stage: Stage, page: Page
) -> None:
    run_id = stage.start(questions=3)
    sign_in(page, stage.house, "ada")
    page.goto(f"{stage.house.url}/runs/{run_id}/")
    needs = page.locator("#needs li")
    expect(needs).to_have_count(3)
    for number in (1, 2, 3):
        expect(needs.filter(has_text=f"Question {number}")).to_contain_text("Needs you")
    page.goto(f"{stage.house.url}/queue/?workflow=telling")
    for pk in open_requests(stage, run_id):
        expect(page.locator(f'a[href*="/requests/{pk}/"]').first).to_be_visible()
    answered = []
    for subject in ("Question 2", "Question 3", "Question 1"):
        page.goto(f"{stage.house.url}/runs/{run_id}/")
        needs.filter(has_text=subject).get_by_role("link").click()
        page.get_by_role("button", name="Yes").click()
        answered.append(f"q{subject[-1]}")
        wait_for(lambda: count_answered(stage, run_id) == len(answered))
    assert stage.caller.result(run_id)["result"] == answered


def open_requests(stage: Stage, run_id: str) -> list[str]:
    rows = stage.house.query(
        "SELECT id FROM workflows_app_inputrequest WHERE run_id = %s AND status = 'open'",
        run_id,
    )
    return [str(pk) for (pk,) in rows]


def count_answered(stage: Stage, run_id: str) -> int:
    return 3 - len(open_requests(stage, run_id))


# 24


@pytest.fixture(scope="module")
def long_run(stage: Stage) -> str:
    """A run with more than 5,000 events, which waits for a person."""
    return stage.start(lines=MANY)


def test_check_24_five_thousand_events_open_in_two_seconds_and_page_by_page(
    stage: Stage, long_run: str
) -> None:
    def seconds() -> float:
        page = stage.open(long_run)
        return float(page.evaluate(LOADED))

    assert shortest(seconds, limit=OPENS_WITHIN) < OPENS_WITHIN
    page, last = stage.olga, numbers(stage.olga)[-1]
    assert last > MANY
    first = numbers(page)[1]
    expect(page.locator("#gap-1")).to_contain_text(f"Events 1–{first - 1} not loaded")  # noqa: RUF001
    page.click("#load-1")
    expect(page.locator(f"#event-{first - 1}")).to_be_attached()
    assert numbers(page)[1:] == list(range(first - SHOWN, last + 1))
    expect(page.locator("#load-1")).to_be_focused()


def test_check_24_a_gap_can_be_loaded_without_a_script(
    stage: Stage, browser: Browser, long_run: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(15_000)
    page = context.new_page()
    sign_in(page, stage.house, "olga")
    page.goto(f"{stage.house.url}/runs/{long_run}/")
    first = int(page.locator("#timeline > li").nth(1).get_attribute("data-number") or 0)
    page.click("#load-1")
    page.wait_for_url(f"**/?before={first}")
    expect(page.locator(f"#event-{first - 1}")).to_be_attached()
    expect(page.locator("#follow")).to_be_hidden()
    context.close()


def test_check_24_whoever_follows_stays_at_the_end_and_others_stay_where_they_are(
    stage: Stage,
) -> None:
    run_id = stage.start(lines=100)
    page = stage.open(run_id)
    last, button = len(numbers(page)), page.locator("#new-events")
    scroll_to_end(page)
    stage.tell(run_id, 2)
    expect_lines(page, last + 2)
    wait_for(lambda: page.evaluate(IS_AT_END))
    expect(button).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    stage.tell(run_id, 2)
    expect(button).to_contain_text("2 new events")
    assert page.evaluate("scrollY") == 0
    button.click()
    wait_for(lambda: page.evaluate(IS_AT_END))
    expect(button).to_be_hidden()
    page.uncheck("#follow")
    scroll_to_end(page)
    stood = page.evaluate("scrollY")
    stage.tell(run_id, 20)
    expect(button).to_contain_text("20 new events")
    assert page.evaluate("scrollY") == stood
    assert not stage.open(run_id).is_checked("#follow")  # it is remembered
    page.check("#follow")


def scroll_to_end(page: Page) -> None:
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    wait_for(lambda: page.evaluate(IS_AT_END))


def test_check_24_a_filtered_timeline_goes_on_with_what_fits(stage: Stage) -> None:
    run_id = stage.start()
    page = stage.open(run_id, "?show=human")
    rows = page.locator("#timeline-part > li")
    before = rows.count()
    stage.tell(run_id, 4)
    expect(rows).to_have_count(before + 4)
    stage.tell(run_id, 2)
    expect(rows).to_have_count(before + 6)
    found: list[int] = rows.evaluate_all(NUMBERS)
    assert found == sorted(set(found))


def test_check_24_one_sentence_is_spoken_in_five_seconds(stage: Stage) -> None:
    run_id = stage.start()
    page = stage.open(run_id)
    spoken = page.locator("#spoken")
    expect(spoken).to_have_attribute("aria-live", "off")
    page.check("#speak")
    expect(spoken).to_have_attribute("aria-live", "polite")
    page.evaluate(SPOKEN)
    stage.tell(run_id, 2)
    expect(spoken).not_to_be_empty()
    stage.tell(run_id, 2)
    expect(spoken).to_have_text(re.compile("let the run go on"))
    wait_for(lambda: len(page.evaluate("spokenAt")) >= 2)
    times: list[float] = page.evaluate("spokenAt")
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert min(gaps) >= QUIET - 0.1


def test_check_24_the_graph_says_where_the_run_waits_leads_there_and_changes_in_place(
    stage: Stage, page: Page
) -> None:
    run_id = stage.start()
    page = stage.open(run_id, "?tab=graph")
    node = page.locator("#g-ask")
    expect(node).to_contain_text("waiting")
    drawn = page.locator(".node").evaluate_all(
        "nodes => nodes.map((node) => node.getAttribute('aria-label'))"
    )
    assert page.locator(".steps > li > a").all_inner_texts() == drawn
    node.focus()
    stage.caller.respond(run_id, "q1", None)
    expect(node).to_have_attribute("aria-label", "ask, done")
    expect(node).to_be_focused()
    expect(page.locator("#t-gather")).to_have_text("gather, done")
    page.keyboard.press("Enter")
    expect(page.locator(".sieved")).to_contain_text("Only step ask")
    rows: list[int] = page.locator("#timeline-part > li").evaluate_all(NUMBERS)
    lines = stage.house.query(
        "SELECT number FROM workflows_app_runevent"
        " WHERE run_id = %s AND step = 'ask' ORDER BY number",
        run_id,
    )
    assert rows == [number for (number,) in lines]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_what_is_done_with_a_run_can_be_done_by_everybody(
    stage: Stage, browser: Browser, width: int, scheme: Any
) -> None:
    run_id = stage.start(questions=2)
    stage.caller.abort(run_id, "The end")
    snapshot = str(
        stage.house.query(
            "SELECT id FROM workflows_app_snapshot WHERE run_id = %s AND cause = 'waiting'",
            run_id,
        )[0][0]
    )
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = context.new_page()
    sign_in(page, stage.house, "olga")
    pages = ["?show=errors", "retry/", "restart/", "pause/", "abort/", "../?stuck=1"]
    pages += [f"snapshots/{snapshot}/fork/", f"snapshots/{snapshot}/resume/"]
    pages += [f"snapshots/compare/?a={snapshot}&b={snapshot}"]
    for path in pages:
        page.goto(f"{stage.house.url}/runs/{run_id}/{path}")
        assert violations(page) == [], path
        is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not is_wide, path
    context.close()
