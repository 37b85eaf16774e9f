"""Real texts of other people as what a request shows: messages, proposals, advisories."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from review_app.blocks.draw import draw_content
from review_app.part import ROOM, Part
from tests.review.browser_page import BrowserPage
from tests.review.hostile import assert_inert

DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
PEPS = sorted((DATA / "review-peps/texts").glob("*"))
ADVISORIES = DATA / "review-advisories/advisories.jsonl"
MESSAGES = DATA / "review-messages/messages.csv"


def show(prompt: str, *display: dict[str, Any]) -> BrowserPage:
    """What a page shows; it is inert, small, and no name in it is given twice."""
    content = {"prompt": prompt, "display": display, "metadata": {}}
    html = draw_content(content, Part("/requests/7/shown/"))
    assert len(html.encode()) < 2 * ROOM
    page = BrowserPage(html)
    assert_inert(page)
    assert len(page.ids) == len(set(page.ids))
    return page


@pytest.mark.skipif(not PEPS, reason="the documents are missing")
def test_documents_are_shown_as_text_as_markdown_and_as_a_change() -> None:
    texts = [file.read_text() for file in PEPS]
    for before, after in pairwise(texts):
        page = show(
            "May this be accepted?",
            {"type": "diff", "value": {"before": before, "after": after}},
            {"type": "markdown", "value": after},
            {"type": "text", "value": after},
        )
        assert page.text.count(after.split("\n")[0]) >= 2


@pytest.mark.skipif(not ADVISORIES.exists(), reason="the advisories are missing")
def test_advisories_are_shown_with_fields_links_and_all_of_their_json() -> None:
    for line in ADVISORIES.read_text().splitlines():
        found = json.loads(line)
        links = [{"url": each["url"]} for each in found.get("references", [])]
        page = show(
            found.get("details", ""),
            {"type": "fields", "value": {k: found.get(k) for k in ("id", "aliases")}},
            {"type": "links", "value": links},
            {"type": "json", "value": found},
        )
        assert found["id"] in page.text
        assert {each["url"] for each in links} <= set(page.values_of("href"))


@pytest.mark.skipif(not MESSAGES.exists(), reason="the messages are missing")
def test_messages_are_shown_by_the_hundred_in_a_table_and_in_a_chat() -> None:
    with MESSAGES.open() as file:
        rows = list(csv.DictReader(file))
    for start in range(0, len(rows), 500):
        some = rows[start : start + 500]
        chat = [{"who": row["category"], "text": row["text"]} for row in some]
        page = show(
            "", {"type": "table", "value": some}, {"type": "chat", "value": chat}
        )
        shown = " ".join(page.text.split())
        assert all(" ".join(row["text"].split())[:400] in shown for row in some)
