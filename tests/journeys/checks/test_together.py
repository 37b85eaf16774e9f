"""Several reviewers at once, and guests: checks 14, 15 and 22 of the pages."""

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browsing import ask, sign_in, wait_until_live
from tests.journeys.house import House, hidden_fields, wait_for

MAKE_REVIEWERS = """
import sys, django
django.setup()
from django.contrib.auth.models import Group, User
group = Group.objects.get(name="reviewers")
for name in sys.argv[2:]:
    group.user_set.add(User.objects.create_user(name, password=sys.argv[1]))
"""

EXPIRE_LINKS = """
    UPDATE workflows_app_answerlink SET expires_at = now() - interval '1 second'
    RETURNING id
"""

TABLES = """
    SELECT table_name::text FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name
"""
ROWS = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
OF_WORKERS = ("workflows_app_worker", "workflows_app_call", "pgqueuer")
"""What workers write by themselves: heartbeats, leases, jobs."""

VIEWERS = "SELECT 1 FROM review_app_presence WHERE state IN ('viewing', 'idle')"
"""Whose pages tell from time to time that they are there."""

PRESS_AT = """([moment, id]) => {
    window.isOld = true;
    setTimeout(() => document.getElementById(id).click(), moment - Date.now());
}"""
ARRIVED = "() => !window.isOld && document.readyState === 'complete'"


@contextmanager
def person(browser: Browser, house: House, name: str) -> Iterator[Page]:
    """Somebody in a browser of his own."""
    context = browser.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    if name in [user["name"] for user in house.demo()["users"]]:
        sign_in(page, house, name)
    yield page
    context.close()


@pytest.fixture(scope="module")
def house(own_house: House) -> House:
    """Nothing else goes on there."""
    return own_house


@pytest.fixture
def ada(browser: Browser, house: House) -> Iterator[Page]:
    with person(browser, house, "ada") as page:
        yield page


@pytest.fixture
def bob(browser: Browser, house: House) -> Iterator[Page]:
    with person(browser, house, "bob") as page:
        yield page


def open_request(page: Page, house: House, pk: str) -> None:
    page.goto(f"{house.url}/requests/{pk}/")
    wait_until_live(page)


def word() -> str:
    return f"word{uuid.uuid4().hex[:8]}"


# 14: claim race


@pytest.fixture(scope="module")
def reviewers(house: House, browser: Browser) -> Iterator[list[Page]]:
    """Ten people, each in a browser of his own, signed in already."""
    names, password = [f"reviewer-{n}" for n in range(10)], uuid.uuid4().hex
    house.run_python(MAKE_REVIEWERS, password, *names)
    with ExitStack() as stack:
        pages = [stack.enter_context(person(browser, house, n)) for n in names]
        for page, name in zip(pages, names, strict=True):
            page.add_init_script("delete window.WebSocket")  # ten would wake each other
            page.goto(f"{house.url}/login/")
            page.fill("[name=username]", name)
            page.fill("[name=password]", password)
            page.keyboard.press("Enter")
            page.wait_for_url("**/queue/", wait_until="commit")
        yield pages


@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [10, 5])
def test_check_14_two_reviewers_never_get_the_same_request(
    count: int, house: House, reviewers: list[Page]
) -> None:
    name = word()
    asked = {ask(house, name)[1] for _ in range(count)}
    for page in reviewers:
        page.goto(f"{house.url}/queue/?q={name}")
        expect(page.locator("#review-next")).to_be_visible()

    moment = reviewers[0].evaluate("Date.now() + 1000")
    for page in reviewers:
        page.evaluate(PRESS_AT, [moment, "review-next"])
    for page in reviewers:
        page.wait_for_function(ARRIVED, timeout=60_000)

    opened = [found[1] for page in reviewers if (found := _request_of(page))]
    assert len(opened) == count
    assert set(opened) == asked
    for page in reviewers:
        if _request_of(page):
            expect(page.locator("#claim-line")).to_contain_text("Yours until")
        else:
            expect(page.locator("main")).to_contain_text("Nothing left")
        page.goto("about:blank")  # an open page renews its claim now and then


def _request_of(page: Page) -> re.Match[str] | None:
    return re.search(r"/requests/([0-9a-f-]{36})/", page.url)


# 15: lease and takeover


@pytest.mark.timeout(120)
def test_check_15_a_claim_ends_in_time_or_is_taken_over_with_a_reason(
    house: House, ada: Page, bob: Page
) -> None:
    _, pk = ask(house, word())
    open_request(ada, house, pk)
    open_request(bob, house, pk)

    ada.locator("#id_reason").press_sequentially("Ada's words")
    expect(ada.locator("#claim-line")).to_contain_text(
        re.compile(r"Yours until \d\d:\d\d")
    )
    expect(bob.locator("#claim-line")).to_contain_text(
        re.compile(r"ada holds this until \d\d:\d\d")
    )
    expect(bob.locator("#presence")).to_contain_text("ada has unsaved text")
    expect(ada.locator("#draft-state")).to_contain_text("Draft saved")

    bob.locator("#id_reason").press_sequentially("Bob's words")
    bob.click("#take-over summary")
    bob.click("#take-over-send")  # the browser itself asks for the reason
    expect(bob.locator("#take-over-reason")).to_be_focused()
    expect(bob.locator("#claim-line")).to_contain_text("ada holds this")
    bob.fill("#take-over-reason", "Ada is at lunch")
    bob.click("#take-over-send")
    expect(bob.locator("#claim-line")).to_contain_text("Yours until")

    expect(ada.locator("#lost-claim")).to_contain_text("bob took this over from you")
    expect(ada.locator("#lost-claim")).to_contain_text("Ada is at lunch")
    expect(ada.locator("#say-now")).to_contain_text("bob took this request over")
    expect(ada.locator("#id_reason")).to_have_value("Ada's words")
    expect(bob.locator("#draft-state")).to_contain_text("Draft saved")
    ada.click("#history summary")
    for line in ("ada claimed it", "bob took it over from ada"):
        expect(ada.locator("#history-list")).to_contain_text(line)

    for page, text in ((ada, "Ada's words"), (bob, "Bob's words")):
        open_request(page, house, pk)
        expect(page.locator("#id_reason")).to_have_value(text)


# 22: GET is safe


@pytest.mark.timeout(120)
def test_check_22_nothing_is_decided_by_looking_and_a_link_answers_once(
    house: House, browser: Browser, ada: Page
) -> None:
    run_id, pk = ask(house, name := word())
    open_request(ada, house, pk)
    address = _make_link(ada, "Charles")
    wait_for(lambda: house.query(VIEWERS))  # what is told later would change a row
    ada.goto("about:blank")
    wait_for(lambda: not house.query(VIEWERS))
    before = _rows(house)

    with httpx.Client(base_url=house.url, timeout=10) as scanner:
        for _ in range(20):
            _look_at_all(scanner, address)
    assert _rows(house) == before

    with person(browser, house, "a guest") as guest:
        guest.goto(address)
        expect(guest.locator("h1")).to_contain_text(name)
        assert address not in guest.url
        assert _rows(house) == before
        guest.click("#outcome-1")
        expect(guest.locator("h1")).to_contain_text("your answer is recorded")
    ((responder, door),) = house.query(
        "SELECT responder, door FROM workflows_app_inputresponse WHERE run_id = %s",
        run_id,
    )
    assert (responder, door) == ("Charles", "link")

    with person(browser, house, "somebody else") as other:
        other.goto(address)
        expect(other.locator("h1")).to_have_text("This link is not in use")
        expect(other.locator("main")).not_to_contain_text(name)


@pytest.mark.timeout(120)
def test_check_22_a_link_does_not_answer_after_its_time(
    house: House, browser: Browser, ada: Page
) -> None:
    run_id, pk = ask(house, word())
    open_request(ada, house, pk)
    address = _make_link(ada, "Charles")

    with httpx.Client(base_url=house.url, timeout=10) as late:
        page = late.get(address, follow_redirects=True)
        assert page.status_code == 200
        assert house.query(EXPIRE_LINKS)
        form = {**hidden_fields(page.text), "outcome": "approve"}
        reply = late.post("/a/", data=form)

    assert reply.status_code == 410
    assert "not in use" in reply.text
    assert "input_received" not in house.kinds(run_id)


def _make_link(page: Page, name: str) -> str:
    page.click("#guest-link summary")
    page.fill("#link-person", name)
    page.click("#link-send")
    return page.input_value("#link-address")


def _look_at_all(scanner: httpx.Client, address: str) -> None:
    """As a mail scanner does: the link, and all links of the page that it leads to."""
    scanner.head(address, follow_redirects=True)
    page = scanner.get(address, follow_redirects=True)
    for link in re.findall(r'(?:href|action)="([^"#]+)"', page.text):
        scanner.head(link)
        scanner.get(link)


def _rows(house: House) -> dict[str, tuple[object, ...]]:
    """How many rows each table has, and what they say."""
    tables = [name for (name,) in house.query(TABLES)]
    kept = [name for name in tables if not name.startswith(OF_WORKERS)]
    return {name: house.query(ROWS.format(name))[0] for name in kept}
