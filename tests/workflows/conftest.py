"""The folder in which the example flows' outside systems are."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Makes an empty one, and lets the flows use it: `new_folder()`."""
    made: list[Path] = []

    def make() -> Path:
        made.append(tmp_path / str(len(made)))
        monkeypatch.setenv("HOLDPOINT_DATA", str(made[-1]))
        return made[-1]

    return make
