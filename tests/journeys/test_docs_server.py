"""The pieces of our documents that need a server, each in a process of its own."""

from pathlib import Path

import pytest

from tests.documents import read_snippets

from .house import House

pytestmark = pytest.mark.timeout(180)

HERE = "import os, sys; sys.path.insert(0, os.getcwd()); os.chdir(sys.argv[1])\n"


def test_a_run_is_paused_resumed_elsewhere_and_forked(
    house: House, tmp_path: Path
) -> None:
    (_, begin), *pieces = read_snippets("write-a-workflow.md", "server")
    printed = [
        house.run_python(HERE + begin + piece, str(tmp_path)).strip()
        for _, piece in pieces
    ]

    assert printed == ["['budget', 'claim']", "100.00", "0.00"]


def test_workers_are_listed_and_drained_and_all_runs_followed(
    house: House, tmp_path: Path
) -> None:
    code = "\n".join(piece for _, piece in read_snippets("operating.md", "server"))

    *workers, last = house.run_python(HERE + code, str(tmp_path)).splitlines()

    assert workers[:3] == ["live True True", "draining", "live"]
    name, is_it, number = last.split()
    assert (name, is_it, int(number) > 1) == ("refund", "True", True)
