"""Every piece of Python in our documents works; those for a server are journeys."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.documents import DOCS, documents, info_strings, read_snippets

LINK = re.compile(r"\]\((?!https?://)([^)#]+)")


@pytest.fixture
def module() -> Iterator[ModuleType]:
    """Where a document's pieces are run, one after another."""
    spec = importlib.util.spec_from_loader("document", loader=None)
    assert spec is not None
    made = sys.modules["document"] = importlib.util.module_from_spec(spec)
    yield made
    del sys.modules["document"]


@pytest.mark.parametrize("name", documents())
def test_the_pieces_of_a_document_work_in_their_order(
    name: str, module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line, code in read_snippets(name):
        padded = "\n" * (line - 1) + code  # so that a traceback names the right line
        exec(compile(padded, str(DOCS / name), "exec"), module.__dict__)  # noqa: S102


@pytest.mark.parametrize("name", documents())
def test_no_piece_is_left_out(name: str) -> None:
    assert info_strings(name) <= {"", "server"}


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda p: p.name)
def test_what_a_document_links_to_is_there(path: Path) -> None:
    missing = [
        link
        for link in LINK.findall(path.read_text())
        if not (path.parent / link).exists()
    ]
    assert missing == []
