"""Kill -9 in the middle of the story: it goes on by itself, nothing is asked twice."""

import json
from itertools import count
from pathlib import Path
from time import monotonic

import httpx
import pytest

from tests.tries import shortest

from .house import House, hidden_fields, wait_for

pytestmark = pytest.mark.timeout(600)
DEPLOYMENT = {
    "deployment": {"id": 1, "ref": "v4.2", "environment": "staging", "sha": "abc1234"},
    "repository": {"full_name": "acme/api", "html_url": "https://example.com/acme/api"},
    "sender": {"login": "mia"},
}
RECOVERY = 15.0
"""Seconds after any kill within which a run goes on (reliability.md 7)."""
PATIENCE = 60.0
"""Seconds after which nothing is awaited any more, on a machine that is busy."""


@pytest.mark.parametrize(
    "parts",
    [["worker"], ["executor"], ["web"], ["postgres"], ["worker", "web", "postgres"]],
    ids="+".join,
)
def test_the_story_goes_on_after_a_kill(tmp_path: Path, parts: list[str]) -> None:
    numbers = count()

    def story() -> float:
        """In a house of its own: what is killed often is started again ever later."""
        house = House(tmp_path / str(next(numbers))).start()
        try:
            return _play(house, parts)
        finally:
            house.stop()

    assert shortest(story, limit=RECOVERY) <= RECOVERY


def _play(house: House, parts: list[str]) -> float:
    """The story, with a kill at each turn of it; the seconds of the longest recovery."""
    ada = house.sign_in("ada")
    reply = house.send(json.dumps(DEPLOYMENT).encode())
    assert reply.status_code == 202
    run_id = reply.json()["run_id"]

    house.kill(*parts)
    killed_at = monotonic()
    request_id = wait_for(lambda: house.question(run_id), seconds=PATIENCE)
    asked_after = monotonic() - killed_at
    house.kill(*parts)
    _answer(ada, request_id)
    house.kill(*parts)
    killed_at = monotonic()
    wait_for(lambda: house.status(run_id) == "completed", seconds=PATIENCE)
    ended_after = monotonic() - killed_at

    _assert_nothing_is_lost_or_done_twice(house, run_id)
    return max(asked_after, ended_after)


def _assert_nothing_is_lost_or_done_twice(house: House, run_id: str) -> None:
    assert _count(house, "inputrequest", run_id) == 1
    assert _count(house, "inputresponse", run_id) == 1
    assert house.kinds(run_id).count("input_received") == 1
    assert house.kinds(run_id).count("run_completed") == 1
    numbers = house.query(
        "SELECT number FROM workflows_app_runevent WHERE run_id = %s ORDER BY 1", run_id
    )
    assert [n for (n,) in numbers] == list(range(1, len(numbers) + 1))
    wait_for(lambda: _delivered(house, run_id), seconds=PATIENCE)


def _answer(client: httpx.Client, request_id: str) -> None:
    """Answer in the page's form; again and again while the page cannot be reached."""

    def attempt() -> bool:
        path = f"/requests/{request_id}/"
        try:
            page = client.get(path)
            if page.status_code != 200:
                return False
            form = {**hidden_fields(page.text), "outcome": "approve"}
            reply = client.post(path, data=form)
        except httpx.HTTPError:
            return False
        return reply.status_code == 303

    wait_for(attempt, seconds=PATIENCE)


def _count(house: House, table: str, run_id: str) -> int:
    statement = f"SELECT count(*) FROM workflows_app_{table} WHERE run_id = %s"  # noqa: S608 - our own names
    return int(house.query(statement, run_id)[0][0])


def _delivered(house: House, run_id: str) -> bool:
    rows = house.query(
        "SELECT status FROM workflows_app_message WHERE run_id = %s", run_id
    )
    return [status for (status,) in rows] == ["delivered"]
