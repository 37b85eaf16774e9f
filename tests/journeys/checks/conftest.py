"""The desk of the checks about deciding."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.house import House

from .desk import APP, Desk, make_desk


@pytest.fixture(scope="package")
def deciding_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A whole Holdpoint that asks under any policy."""
    data: Path = tmp_path_factory.mktemp("deciding") / "var"
    house = House(data, HOLDPOINT_APPS=APP).start()
    yield house
    house.stop()


@pytest.fixture(scope="module")
def whole_desk(deciding_house: House, browser: Browser) -> Iterator[Desk]:
    yield from make_desk(deciding_house, browser)


@pytest.fixture
def desk(whole_desk: Desk) -> Iterator[Desk]:
    """A desk at which nobody sits yet."""
    yield whole_desk
    whole_desk.leave()
