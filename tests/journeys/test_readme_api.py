"""The session with `curl` that the README shows, as its readers would paste it."""

import json
import re
import shutil
import subprocess

import pytest

from .house import ROOT, House

pytestmark = pytest.mark.timeout(180)
SESSION = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_session_of_the_readme_works(house: House) -> None:
    if not (shutil.which("curl") and shutil.which("jq")):
        pytest.skip("There is no curl or no jq on this machine.")
    (session,) = SESSION.findall((ROOT / "README.md").read_text())

    done = subprocess.run(  # noqa: S603 - our own text
        ["bash", "-euo", "pipefail", "-c", session],  # noqa: S607
        cwd=house.data.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    _, _, result = done.stdout.partition('"answered"')
    assert json.loads(result)["sent"]["text"] == "It comes tomorrow."
    assert json.loads(result)["responder"] == "robot"
