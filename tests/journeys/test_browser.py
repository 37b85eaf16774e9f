"""The story as reviewers live it, in a real Chromium."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .browsing import ask, send, sign_in, wait_until_live
from .house import House, wait_for

pytestmark = pytest.mark.timeout(180)
expect.set_options(timeout=10_000)
MARK = "document.body.dataset.drawnOnce = 'yes'"
"""Left on a page, it is gone after a reload."""


@pytest.fixture(scope="module")
def house(own_house: House) -> House:
    """All that waits fits on a page."""
    return own_house


@pytest.fixture
def another(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens browsers that know nothing of each other."""
    contexts = []

    def make(**options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


def drawn_once(page: Page) -> bool:
    return bool(page.evaluate("document.body.dataset.drawnOnce === 'yes'"))


def count_in_title(page: Page) -> int:
    found = re.match(r"\((\d+)\)", page.title())
    return int(found[1]) if found else 0


def test_a_webhooks_question_arrives_on_open_queues_without_a_reload(
    house: House, page: Page, another: Callable[..., Page]
) -> None:
    pages = [page, another()]
    for each, name in zip(pages, ("ada", "bob"), strict=True):
        sign_in(each, house, name)
        wait_until_live(each)
        each.evaluate(MARK)
    before = [count_in_title(each) for each in pages]

    send(house, "arriving")

    for each, count in zip(pages, before, strict=True):
        expect(each.get_by_role("link", name=re.compile("arriving"))).to_be_visible()
        expect(each).to_have_title(re.compile(rf"^\({count + 1}\) Queue"))
        assert drawn_once(each)


def test_a_question_is_decided_and_every_page_of_the_run_follows(
    house: House, page: Page, another: Callable[..., Page]
) -> None:
    run_id, request_id = ask(house, "decided")
    watching = another()
    sign_in(watching, house, "bob")
    watching.goto(f"{house.url}/runs/{run_id}/")
    wait_until_live(watching)
    watching.evaluate(MARK)
    sign_in(page, house, "ada")
    page.goto(f"{house.url}/requests/{request_id}/")

    page.get_by_role("button", name=re.compile("^Reject")).click()
    expect(page.locator("#error-summary")).to_be_focused()
    page.fill("#id_reason", "The tests are red.")
    page.get_by_role("button", name=re.compile("^Reject")).click()

    expect(page.locator("#say-polite")).to_contain_text("Rejected. Next:")
    timeline = watching.locator("#timeline")
    expect(timeline).to_contain_text("ada")
    expect(timeline).to_contain_text(re.compile("The run (is )?completed"))
    assert drawn_once(watching)
    expect(watching.locator("#main")).to_contain_text("Completed")
    assert house.status(run_id) == "completed"


def test_a_run_page_misses_nothing_while_the_web_process_is_gone(
    house: House, page: Page
) -> None:
    run_id, request_id = ask(house, "interrupted")
    sign_in(page, house, "ada")
    page.goto(f"{house.url}/runs/{run_id}/")
    wait_until_live(page)
    page.evaluate(MARK)

    house.kill("web")
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "live")
    house.run_python(ANSWER.format(run_id=run_id))

    wait_until_live(page)
    wait_for(lambda: house.status(run_id) == "completed")
    expect(page.locator("#timeline")).to_contain_text(
        re.compile("The run (is )?completed")
    )
    assert drawn_once(page)
    numbers = page.eval_on_selector_all(
        "#timeline [data-number]", "rows => rows.map(row => +row.dataset.number)"
    )
    assert numbers == list(range(1, len(house.kinds(run_id)) + 1))
    assert request_id


ANSWER = """
import django
django.setup()
from workflows_app.runtime.handler import Answer, Handler
Handler("{run_id}").respond("gate-1", Answer(value={{}}, outcome="approve"))
"""


def test_everything_works_without_javascript(
    house: House, another: Callable[..., Page]
) -> None:
    run_id, request_id = ask(house, "plain")
    page = another(java_script_enabled=False)
    sign_in(page, house, "ada")
    page.goto(f"{house.url}/requests/{request_id}/")

    page.get_by_role("button", name=re.compile("^Reject")).click()
    expect(page.locator("#error-summary")).to_be_visible()
    page.fill("#id_reason", "Not today.")
    page.get_by_role("button", name=re.compile("^Reject")).click()

    wait_for(lambda: house.status(run_id) == "completed")
    page.goto(f"{house.url}/runs/{run_id}/")
    expect(page.locator("#timeline")).to_contain_text("Not today.")


def test_a_run_is_started_from_the_form_and_asks_two_people(
    house: House, page: Page
) -> None:
    sign_in(page, house, "dana")
    page.goto(f"{house.url}/runs/start/refund/")
    page.get_by_label("Order").fill("LQ-1")
    page.get_by_label("Customer").fill("Mia")
    page.get_by_label("Amount").fill("120.50")
    page.get_by_label("EUR").check()
    page.get_by_label("Reason").fill("The parcel was empty.")
    page.get_by_role("button", name="Start the run").click()

    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}/"))
    expect(page.locator("#main")).to_contain_text("2 open")
