"""Houses and browsers for journeys."""

from collections import deque
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import FLAGS, find_chromium

from .house import House

TOLD = 60
"""Lines of its processes that a house adds to the report of a test that failed."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What fails only on another machine must be understood from its report alone."""
    report = yield
    houses = [getattr(each, "house", each) for each in item.funcargs.values()]
    if report.failed:
        for house in {each for each in houses if isinstance(each, House)}:
            report.sections.append(("The processes of the house", _told(house)))
    return report


def _told(house: House) -> str:
    with house.log.open(errors="replace") as lines:
        return "".join(deque(lines, TOLD))


@pytest.fixture(scope="session")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A whole Holdpoint for all files that leave it as it was, but for some runs."""
    house = House(tmp_path_factory.mktemp("shared") / "var").start()
    yield house
    house.stop()


@pytest.fixture(scope="module")
def house(shared_house: House) -> House:
    """The house of the tests of a file, which may name another of their own."""
    return shared_house


@pytest.fixture(scope="module")
def own_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for the tests of one file alone."""
    house = House(tmp_path_factory.mktemp("own") / "var").start()
    yield house
    house.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. A test without one fails: browser tests are never skipped."""
    path = find_chromium()
    assert path, "No Chromium: run `python -m tests.chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser nobody has used yet."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
