"""What the demo prints, and the delivery that its last line sends."""

import json
import shlex
import stat
from itertools import pairwise
from pathlib import Path

import pytest

from tests.demo.conftest import URL
from workflows_app.demo import loader
from workflows_app.demo.demo_json import Demo
from workflows_app.intake.signatures import check_github


def curl(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.startswith("curl")]
    assert len(lines) == 1
    return shlex.split(lines[0])


def test_it_tells_the_address_and_every_login(demo: Demo) -> None:
    text = loader.announcement(demo)

    assert f"{URL}/" in text
    for login in demo.users:
        assert f"{login.name:<6} {login.password}" in text


def test_the_line_to_paste_is_signed_over_the_bytes_of_the_file(demo: Demo) -> None:
    words = curl(loader.announcement(demo))
    pairs = [text.split(": ", 1) for option, text in pairwise(words) if option == "-H"]
    headers = dict(pairs)
    body = Path(words[words.index("--data-binary") + 1].removeprefix("@")).read_bytes()

    signed = check_github(headers, body, [demo.sources[0].secret])
    assert signed.event == "deployment"
    assert words[-1] == f"{URL}/hooks/github/"


def test_every_start_offers_another_delivery(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "sample-deployment.json"
    first, body = curl(loader.announcement(demo)), file.read_bytes()
    second = curl(loader.announcement(demo))

    assert first != second
    assert body != file.read_bytes()
    assert json.loads(body)["deployment"]["environment"] == "production"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_files_below_are_named_as_seen_from_here(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    text = loader.announcement(demo)

    assert f"@{tmp_path.name}/sample-deployment.json" in text
    assert f"{tmp_path.name}/demo.json" in text
