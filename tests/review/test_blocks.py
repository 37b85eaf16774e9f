"""The blocks that have a structure: how they look, and that they stay small and inert."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from review_app.blocks.draw import draw_block, draw_content
from review_app.blocks.references import host_of, sized
from review_app.part import ROOM, Part, find_at, to_pointer
from review_app.word_diff import MOST_SHOWN, compare
from tests.review.browser_page import BrowserPage
from tests.review.hostile import ATTACKS, assert_inert

PIXEL = "data:image/png;base64,iVBORw0KGgo="
WHOLE = "/requests/7/shown/"


def block(kind: str, value: Any, *, room: bool = False) -> BrowserPage:
    """A block; with `room` as on a page that has no room for more than ROOM bytes."""
    part = Part(WHOLE, ("display", 0)) if room else Part()
    page = BrowserPage(draw_block({"type": kind, "value": value}, part))
    assert_inert(page)
    return page


def tags(page: BrowserPage) -> list[str]:
    return [tag for tag, _ in page.elements]


def words(page: BrowserPage) -> str:
    return " ".join(page.text.split())


# Diffs


def test_words_that_differ_are_marked_on_both_sides() -> None:
    value = {"before": "We refund 120 EUR.", "after": "We refund 180 EUR now."}
    html = draw_block({"type": "diff", "value": value}, Part())
    assert "We refund <del>120</del> EUR." in html
    assert "We refund <ins>180</ins> EUR<ins> now</ins>." in html


def test_two_words_beside_each_other_are_one_change() -> None:
    found = compare("a wonderful big day", "a small day")
    assert [(p.kind, p.text) for p in found.before] == [
        ("same", "a "),
        ("changed", "wonderful big"),
        ("same", " day"),
    ]


def test_words_without_spaces_are_compared_one_by_one() -> None:
    found = compare("今日は良い天気です", "今日は悪い天気です")
    assert [p.text for p in found.before if p.kind == "changed"] == ["良"]


def test_the_same_text_twice_says_so() -> None:
    assert "Nothing has changed" in block("diff", {"before": "a", "after": "a"}).text
    assert "(empty)" in block("diff", {"before": "", "after": "a"}).text


def test_what_is_the_same_and_long_is_left_out_but_for_its_ends() -> None:
    same = "word\n" * 1_000
    found = compare(f"{same}a\n{same}", f"{same}b\n{same}")
    kinds = [piece.kind for piece in found.before]
    assert kinds == ["same", "skipped", "same", "changed", "same", "skipped", "same"]
    assert sum(len(p.text) or p.length for p in found.before) == 2 * len(same) + 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("abc " * 250_000, "abd " * 250_000),
        ("abc\n" * 250_000, "abd\n" * 250_000),
        ("x" * 1_000_000, "y" * 1_000_000),
        (
            "\n".join(map(str, range(150_000))),
            "\n".join(map(str, range(150_000, 0, -1))),
        ),
        (".;" * 500_000, ";." * 500_000),
    ],
)
def test_texts_of_a_megabyte_are_compared_by_lines_or_not_at_all(
    before: str, after: str
) -> None:
    found = compare(before, after)
    for pieces, text in ((found.before, before), (found.after, after)):
        assert sum(len(p.text) for p in pieces) <= MOST_SHOWN
        assert sum(len(p.text) or p.length for p in pieces) == len(text)


def test_a_diff_too_long_for_words_says_so_and_links_both_texts() -> None:
    page = block(
        "diff", {"before": "a b\n" * 9_000, "after": "a c\n" * 9_000}, room=True
    )
    assert "too long to be compared word by word" in page.text
    assert words(page).count("Show all 36,000 characters") == 2


# Conversations


def message(number: int, **changes: Any) -> dict[str, Any]:
    return {"who": "mia", "text": f"message {number}", **changes}


def test_a_message_says_who_when_and_what() -> None:
    at = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    html = draw_block({"type": "chat", "value": [message(1, at=at)]}, Part())
    assert "<strong><bdi>mia</bdi></strong>" in html
    assert (
        '<time datetime="2026-11-01T09:30:00+00:00">1 Nov 2026 09:30 UTC</time>' in html
    )


def test_the_newest_message_is_last_whatever_came_first() -> None:
    days = [message(day, at=f"2026-11-{day:02d}T09:00:00+01:00") for day in (3, 1, 2)]
    text = block("chat", days).text
    assert text.index("message 1") < text.index("message 2") < text.index("message 3")


def test_messages_without_moments_stay_in_their_order() -> None:
    page = block("chat", [message(2), message(1, at="yesterday")])
    assert page.text.index("message 2") < page.text.index("message 1")
    assert "yesterday" in page.text


def test_earlier_messages_are_folded_and_very_early_ones_counted() -> None:
    page = block("chat", [message(number) for number in range(300)], room=True)
    assert "Show 190 earlier messages" in page.text
    assert "100 earlier messages are not drawn here" in words(page)
    assert "message 299" in page.text
    assert "message 99" not in page.text


def test_a_chat_of_nobody_says_so() -> None:
    assert "Nobody has said anything" in block("chat", []).text


# Tables


def test_a_table_has_headers_and_numbers_to_the_right() -> None:
    rows = [
        {"sku": "A", "price": 1.5},
        {"sku": "B", "price": Decimal("2.50"), "n": True},
    ]
    page = block("table", rows)
    heads = [e for tag, e in page.elements if tag == "th"]
    assert [each["scope"] for each in heads] == ["col"] * 3
    assert [each.get("class") for each in heads] == [None, "number", None]
    assert "2.50" in page.text


def test_a_table_may_name_its_columns() -> None:
    value = {"columns": ["a", "b"], "rows": [[1, [2, 3]], {"b": "x"}, [4]]}
    page = block("table", value)
    assert tags(page).count("td") == 6
    assert "[2, 3]" in page.text


def test_more_than_ten_rows_are_folded() -> None:
    page = block("table", [{"n": n} for n in range(500)], room=True)
    rows = [e.get("class") for tag, e in page.elements if tag == "tr"]
    assert (len(rows), rows.count("later")) == (501, 490)
    assert "Show all 500 rows" in page.text


def test_rows_without_room_are_counted_and_linked() -> None:
    page = block("table", [{"n": "x" * 290} for _ in range(2_000)], room=True)
    rows = tags(page).count("tr") - 1
    assert rows < 600
    assert f"{2_000 - rows:,} of 2,000 rows are not drawn here" in words(page)
    assert f"{WHOLE}?at=%2Fdisplay%2F0%2Fvalue" in page.values_of("href")


def test_a_cell_that_is_cut_can_be_read_in_full() -> None:
    page = block("table", [{"a": "x" * 501}], room=True)
    assert "Long cells are cut. Show all as JSON" in words(page)


def test_an_empty_table_says_so() -> None:
    assert "No rows" in block("table", []).text


# Files and links


def test_only_pictures_of_our_own_are_shown() -> None:
    files = [
        {"url": PIXEL, "name": "inside"},
        {"url": "/media/scan.png"},
        {"url": "/media/scan.pdf"},
        {"url": "https://elsewhere.example/scan.png", "type": "image/png"},
        {"url": "//elsewhere.example/scan.png"},
        {"url": "/\\elsewhere.example/scan.png"},
        {"url": "data:image/svg+xml;base64,PHN2Zz4="},
        {"url": "data:text/html,<script>alert(1)</script>"},
    ]
    page = block("files", files)
    assert page.values_of("src") == [PIXEL, "/media/scan.png"]
    assert [e["alt"] for tag, e in page.elements if tag == "img"] == [
        "inside",
        "scan.png",
    ]


def test_a_file_elsewhere_is_a_link_that_names_the_host_and_the_size() -> None:
    file = {"url": "https://files.example:8443/a.pdf", "name": "A", "size": 1_234_567}
    page = block("files", [file])
    assert "1.2 MB" in page.text
    assert "opens elsewhere: files.example (new tab)" in words(page)
    link = next(e for tag, e in page.elements if tag == "a")
    assert (link["target"], link["rel"]) == ("_blank", "noopener noreferrer nofollow")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://good.example@evil.example/", "evil.example"),
        ("https://EVIL.example:443/x", "evil.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https:///evil.example", ""),
        ("https://good.example\\@evil.example/", ""),
        ("https://[::1", ""),
        ("javascript:alert(1)", ""),
        ("mailto:mia@example.com", ""),
    ],
)
def test_the_host_is_the_one_that_a_browser_would_go_to(url: str, host: str) -> None:
    assert host_of(url) == host
    shown = block("links", [{"url": url, "name": "Click"}])
    assert bool(shown.values_of("href")) == bool(host)


def test_sizes_are_read_easily() -> None:
    assert [sized(n) for n in (0, 999, 1_000, 12_345_678, 10**30)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "12.3 MB",
        "1000.0 TB",
    ]


# Fields


def test_a_field_may_say_what_it_was() -> None:
    page = block("fields", [{"label": "Price", "value": 24.5, "was": 20}])
    assert "24.5 was 20" in words(page)


def test_a_long_text_that_was_another_one_is_a_diff() -> None:
    texts = {"value": "word " * 500 + "new", "was": "word " * 500 + "old"}
    page = block("fields", [{"label": "Letter", **texts}], room=True)
    assert {"ins", "del"} <= set(tags(page))
    at = f"{WHOLE}?at=%2Fdisplay%2F0%2Fvalue%2F0%2F"
    assert page.values_of("href") == [f"{at}was", f"{at}value"]


def test_a_few_short_values_stand_beside_each_other() -> None:
    page = block("fields", {"Tags": ["a", 1, None], "Lines": [["a"]]})
    assert next(e for tag, e in page.elements if tag == "ul")["class"] == "values"
    assert "a1null" in page.text
    assert "Raw" in page.text


# What does not fit


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("diff", "a"),
        ("diff", {"before": "a"}),
        ("diff", {"before": "a", "after": 1}),
        ("chat", {"who": "a"}),
        ("chat", [{"who": "a"}]),
        ("chat", [{"who": "a", "text": "b", "at": 5}]),
        ("table", [1]),
        ("table", {"columns": ["a"]}),
        ("table", {"columns": [1], "rows": []}),
        ("files", [{"name": "a"}]),
        ("files", [{"url": "/a", "size": -1}]),
        ("links", ["https://a.example"]),
        ("fields", [{"label": "a", "colour": 1}]),
    ],
)
def test_a_value_of_another_form_is_shown_as_json(kind: str, value: Any) -> None:
    assert "Raw" in block(kind, value).text


def values_of(text: str) -> dict[str, Any]:
    """A text from outside in every place that a block has for one."""
    return {
        "diff": {"before": text, "after": f"{text} {text}"},
        "chat": [{"who": text, "text": text, "at": text}],
        "table": [{text: text, "n": 1}],
        "files": [{"url": text, "name": text, "type": text}, {"url": f"/{text}.png"}],
        "links": [{"url": text, "name": text}, {"url": f"https://a.example/{text}"}],
        "fields": [{"label": text, "value": text, "was": text}],
    }


@pytest.mark.skipif(not ATTACKS, reason="the attack strings are missing")
def test_attacks_and_naughty_strings_are_inert_in_every_block() -> None:
    for attack in ATTACKS:
        for kind, value in values_of(attack).items():
            block(kind, value, room=True)


# A page of all of them


def test_a_page_stays_small_however_much_is_shown() -> None:
    long, many = "x" * 1_048_576, [{"k": "é" * 100} for _ in range(2_000)]
    kinds = values_of(long) | {"json": many, "text": long, "markdown": "*a* " * 4_000}
    display = [{"type": kind, "value": value} for kind, value in kinds.items()] * 12
    content = {"prompt": long, "display": display, "metadata": {"a": long, "b": many}}
    html = draw_content(content, Part(WHOLE))
    assert len(html.encode()) < 2 * ROOM
    assert "58 more parts are not drawn here" in " ".join(html.split())
    page = BrowserPage(html)
    assert_inert(page)
    assert len(page.ids) == len(set(page.ids))


def test_what_is_linked_is_found_again() -> None:
    value = {"a/b": [{"~": "long"}], "": 5}
    for path in (("a/b", 0, "~"), ("",), ()):
        expected: Any = value
        for step in path:
            expected = expected[step]
        assert find_at(value, to_pointer(path)) == expected


@pytest.mark.parametrize(
    "pointer", ["a", "/a~1b/1", "/a~1b/-1", "/c", "//x", "/a~1b/0/~0/0"]
)
def test_a_pointer_to_nothing_finds_nothing(pointer: str) -> None:
    with pytest.raises(LookupError):
        find_at({"a/b": [{"~": "long"}], "": 5}, pointer)
