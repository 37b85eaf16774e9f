"""Every kind of webhook that GitHub sends, twice, through the real doors."""

from pathlib import Path

import pytest

from .house import House, wait_for

FOLDER = Path("../shared/data/github-webhooks")
PAYLOADS = sorted(
    path for path in FOLDER.glob("*/**/*.json") if "_schemas" not in path.parts
)
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not PAYLOADS, reason=f"{FOLDER} is not here"),
]


@pytest.fixture(scope="module")
def house(own_house: House) -> House:
    """Full of questions in the end."""
    return own_house


def test_every_payload_is_taken_once_and_shown(house: House) -> None:
    ada = house.sign_in("ada")
    runs: dict[str, bytes] = {}
    for number, path in enumerate(PAYLOADS):
        body, event = path.read_bytes(), path.relative_to(FOLDER).parts[0]
        first = house.send(body, event=event, delivery=f"delivery-{number}")
        again = house.send(body, event=event, delivery=f"delivery-{number}")
        assert (first.status_code, again.status_code) == (202, 200), path
        assert first.json() == again.json()
        runs[first.json()["run_id"]] = body

    assert len(runs) == len(PAYLOADS), "each its own run"
    for run_id, body in runs.items():
        request_id = wait_for(lambda run=run_id: house.question(run), seconds=60)  # type: ignore[misc]
        assert ada.get(f"/requests/{request_id}/").status_code == 200
        assert ada.get(f"/runs/{run_id}/").status_code == 200
        stored = house.query(
            "SELECT body, times_received FROM workflows_app_delivery WHERE run_id = %s",
            run_id,
        )
        assert stored == [(body, 2)]
