"""The Python of our documents, as their readers would run it."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
FENCE = re.compile(
    r"^```python(?P<info>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


def read_snippets(name: str, info: str = "") -> list[tuple[int, str]]:
    """The pieces with this info string, and the lines at which they begin."""
    text = (DOCS / name).read_text()
    return [
        (text.count("\n", 0, found.start()) + 2, found["code"])
        for found in FENCE.finditer(text)
        if found["info"].strip() == info
    ]


def documents() -> list[str]:
    """Those with Python in them."""
    return sorted(
        path.name for path in DOCS.glob("*.md") if FENCE.search(path.read_text())
    )


def info_strings(name: str) -> set[str]:
    return {
        found["info"].strip() for found in FENCE.finditer((DOCS / name).read_text())
    }
