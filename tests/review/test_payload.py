"""What a request shows: blocks of text, Markdown, fields and JSON from outside."""

import json
from typing import Any

import pytest
from django.template import Context, Template
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.json_text import json_text
from review_app.templatetags.payload import display_block, json_tree, markdown
from tests.review.browser_page import BrowserPage
from tests.review.hostile import ATTACKS, assert_inert
from workflows_app.shown.visible import HIDDEN

KINDS = ["markdown", "fields", "text", "json"]


def block(kind: str, value: Any, title: str = "") -> BrowserPage:
    return BrowserPage(
        display_block({"type": kind, "title": title, "value": value}),
    )


# The four kinds that need no structure


def test_markdown_becomes_paragraphs_tables_and_code() -> None:
    html = display_block(
        {
            "type": "markdown",
            "title": "What is asked",
            "value": "**Refund** `42`\n\n|a|b|\n|-|-|\n|1|2|",
        }
    )
    assert "<strong>Refund</strong> <code>42</code>" in html
    assert "<td>2</td>" in html
    assert "What is asked" in html


def test_markdown_has_no_markup_no_images_and_no_headings_of_the_page() -> None:
    page = BrowserPage(
        markdown("# Big\n\n<b onclick='x()'>b</b> ![spy](http://x.example/a.png)")
    )
    assert [tag for tag, _ in page.elements] == ["div", "h4", "p", "a"]
    assert "<b onclick='x()'>b</b>" in page.text


@pytest.mark.parametrize("scheme", ["javascript:", "data:", "file:", "ftp:", "/", "//"])
def test_markdown_links_go_to_the_web_or_to_mail_only(scheme: str) -> None:
    page = BrowserPage(
        markdown(f"[a]({scheme}:x) [b](https://b.example) <c@d.example>")
    )
    assert page.values_of("href") == ["https://b.example", "mailto:c@d.example"]


def test_markdown_too_long_to_parse_is_shown_as_text() -> None:
    page = BrowserPage(markdown("# a\n" * 10_000))
    assert "h4" not in [tag for tag, _ in page.elements]
    assert "40,000 characters" in page.text


def test_fields_show_scalars_links_and_nested_values() -> None:
    page = block(
        "fields",
        {
            "Shop": "https://shop.example/?a=1&b=2",
            "Odd": "javascript:alert(1)",
            "Amount": 12.5,
            "Lines": [{"sku": "A-1"}],
        },
    )
    assert page.values_of("href") == ["https://shop.example/?a=1&b=2"]
    for part in ("Shop", "javascript:alert(1)", "12.5", "sku", '"A-1"'):
        assert part in page.text


def test_fields_may_be_a_list_of_labels_and_values() -> None:
    page = block("fields", [{"label": "Risk", "value": True}, {"label": "Note"}])
    assert [tag for tag, _ in page.elements].count("dt") == 2
    assert "true" in page.text
    assert "null" in page.text


def test_short_text_is_open_and_long_text_is_folded_with_its_length() -> None:
    assert "details" not in [tag for tag, _ in block("text", "a\n b").elements]
    page = block("text", "x" * 2_001)
    assert "details" in [tag for tag, _ in page.elements]
    assert "Show all 2,001 characters" in page.text
    assert "x" * 2_001 in page.text


def test_a_tree_is_open_down_to_the_second_level_and_has_its_raw_text() -> None:
    page = BrowserPage(json_tree({"a": {"b": {"c": 1}}}))
    parts = [e for tag, e in page.elements if tag == "details"]
    assert ["open" in each for each in parts] == [True, True, False, False]
    assert json.dumps({"a": {"b": {"c": 1}}}, indent=2) in page.text


def test_a_tree_tells_text_from_numbers_and_nothing() -> None:
    text = BrowserPage(json_tree({"a": "10", "b": 10, "c": None, "d": [], "": {}})).text
    for part in ('a: "10"', "b: 10", "c: null", "d: []"):
        assert part in " ".join(text.split())


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "text",
        [],
        {},
        {"type": "chart", "value": 1},
        {"type": ["text"], "value": "a"},
        {"type": "text", "value": 1},
        {"type": "markdown", "value": None},
        {"type": "fields", "value": "a"},
        {"type": "fields", "value": [1]},
        {"type": "text", "title": 5, "value": "a"},
    ],
)
def test_what_is_no_proper_block_is_still_shown(odd: Any) -> None:
    assert_inert(BrowserPage(display_block(odd)))


def test_an_unknown_kind_is_shown_as_json_with_its_title() -> None:
    text = block("chart", {"points": 3}, "Sales").text
    assert "Sales" in text
    assert "points" in text


def test_the_tags_work_in_a_template() -> None:
    source = "{% load payload %}{% display_block b %}{% json_tree v %}{{ t|markdown }}"
    context = {"b": {"type": "text", "value": "<b>"}, "v": {"k": "<i>"}, "t": "*x*"}
    html = Template(source).render(Context(context))
    assert "&lt;b&gt;" in html
    assert "&lt;i&gt;" in html
    assert "<em>x</em>" in html


# What must not hurt


@pytest.mark.skipif(not ATTACKS, reason="the attack strings are missing")
@pytest.mark.parametrize("kind", KINDS)
def test_attacks_and_naughty_strings_are_inert(kind: str) -> None:
    for attack in ATTACKS:
        value = (
            {attack: [attack], "a": attack} if kind in ("fields", "json") else attack
        )
        assert_inert(block(kind, value, title=attack))


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_characters_can_be_seen(kind: str) -> None:
    value = "abc\u202edcb\0\x7f\u200b\ufeff"
    html = display_block({"type": kind, "title": value, "value": value})
    assert not HIDDEN.search(html)
    assert "⟦U+202E⟧dcb␀␡⟦U+200B⟧⟦U+FEFF⟧" in html


def test_emoji_joined_into_one_stay_joined() -> None:
    assert "👩‍👧" in display_block({"type": "text", "value": "👩‍👧"})


def test_values_are_isolated_from_the_direction_of_their_neighbours() -> None:
    html = display_block({"type": "fields", "value": {"שם": "אבג"}})
    assert "<bdi>שם</bdi>" in html
    assert "אבג</bdi>" in html


def test_half_a_surrogate_pair_does_not_break_the_page() -> None:
    for kind in KINDS:
        display_block({"type": kind, "value": "a\ud800"}).encode()
    json_tree({"\udfff": ["\ud800"]}).encode()


@pytest.mark.parametrize("depth", [31, 32, 33, 1_000, 20_000])
def test_a_deep_value_is_a_tree_at_the_top_and_raw_text_below(depth: int) -> None:
    value: Any = "bottom"
    for _ in range(depth):
        value = {"a": value}
    page = BrowserPage(json_tree(value))
    trees = [e for _, e in page.elements if e.get("class") == "parts"]
    assert len(trees) == min(depth, 32)
    assert page.text.count("bottom") >= 2


def test_a_broad_value_shows_200_children_and_counts_the_rest() -> None:
    page = BrowserPage(json_tree(list(range(1_000))))
    assert "… 800 more" in page.text
    assert [tag for tag, _ in page.elements].count("li") == 201


def test_a_huge_value_shows_2000_parts_in_all() -> None:
    page = BrowserPage(json_tree({f"k{i}": list(range(150)) for i in range(150)}))
    assert [e.get("class") for t, e in page.elements if t == "li"].count(None) <= 2_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_string_of_a_megabyte_is_folded(kind: str) -> None:
    value = {"a": "x" * 1_000_000} if kind == "fields" else "x" * 1_000_000
    page = block(kind, value)
    assert "x" * 1_000_000 in page.text
    assert "Show all 1,000,00" in page.text


def test_a_number_of_any_size_is_shown() -> None:
    assert "0x" in json_tree({"n": 10**5_000})
    assert str(10**900) in json_tree({"n": 10**900})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)  # other work on the machine must not fail it
@given(value=values)
def test_any_value_is_inert_in_any_block(value: Any) -> None:
    for kind in KINDS:
        assert_inert(block(kind, value))


@settings(deadline=None)  # other work on the machine must not fail it
@given(text=st.text(alphabet=st.sampled_from("*_[](){}<>!`#-|\n\\&:/\" 'ahx=1.")))
def test_any_markdown_is_inert(text: str) -> None:
    assert_inert(BrowserPage(markdown(text)))


@settings(deadline=None)  # other work on the machine must not fail it
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_the_raw_text_is_json_for_the_same_value(value: Any) -> None:
    assert json.loads(json_text(value)) == value


def test_the_raw_text_of_a_deep_value_is_complete() -> None:
    value: Any = {"b": [1, {"c": None}]}
    for _ in range(3_000):
        value = [value]
    text = "".join(json_text(value).split())
    assert text == "[" * 3_000 + '{"b":[1,{"c":null}]}' + "]" * 3_000
