"""The form of an answer: its fields, its values and its errors."""

import json
from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.forms import answer_form
from tests.review.filling import REFUND, answer, one, page_of, send

# Values


@pytest.mark.parametrize(
    ("schema", "typed", "value"),
    [
        ({"type": "integer"}, "10", 10),
        ({"type": "integer"}, " -7 ", -7),
        ({"type": "integer"}, "9" * 900, int("9" * 900)),
        ({"type": "number"}, "12.50", 12.5),
        ({"type": "number"}, "12", 12),
        ({"type": "string"}, "10", "10"),
        ({"type": "string", "maxLength": 500}, "a\r\nb", "a\nb"),
        ({"enum": [1, "1", True, {"a": 1}]}, "true", True),
        ({"enum": [1, "1", True, {"a": 1}]}, '"1"', "1"),
        ({"enum": ["red", "green"]}, "green", "green"),
        ({"oneOf": [{"const": 1, "title": "One"}, {"const": 2}]}, "2", 2),
        ({"type": "array", "items": {"type": "string"}}, "a\r\n\r\nb", ["a", "b"]),
        ({"type": "array", "items": {"type": "integer"}}, "1\r\n2", [1, 2]),
        ({"type": "array"}, '[1, {"a": 2.0}]', [1, {"a": 2.0}]),
        ({"type": "string", "format": "date"}, "2026-01-31", "2026-01-31"),
        (
            {"type": "string", "format": "date-time"},
            "2026-01-31T14:30",
            "2026-01-31T14:30:00Z",
        ),
        ({"type": "string", "format": "time"}, "14:30", "14:30:00Z"),
    ],
)
def test_values_keep_their_json_types(schema: Any, typed: str, value: Any) -> None:
    given = answer(one(schema), x=typed)["x"]
    assert given == value
    assert type(given) is type(value)


def test_what_is_left_empty_is_left_out() -> None:
    assert (
        answer(
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"enum": [1]}},
            }
        )
        == {}
    )


def test_an_emptied_optional_value_is_null_and_not_its_default_again() -> None:
    schema = one({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 5})
    assert answer(schema) == {"x": 5}
    assert answer(schema, x="") == {"x": None}


def test_an_emptied_text_is_empty_and_not_its_default_again() -> None:
    assert answer(one({"type": "string", "default": "hello"}), x="") == {"x": ""}


def test_an_unchecked_box_is_no() -> None:
    schema = one({"type": "boolean"})
    assert answer(schema, {"x": True}) == {"x": True}
    assert send(schema, {"x": True}, QueryDict("other=1")).answer == {"x": False}


def test_a_required_boolean_is_a_choice_of_yes_and_no_with_none_taken() -> None:
    schema = one({"type": "boolean"}, required=True)
    page = page_of(answer_form(schema))
    assert [each.get("value") for tag, each in page.elements if tag == "input"] == [
        "true",
        "false",
    ]
    assert "answer-x" not in page.sent()
    assert send(schema).errors == {"x": ["Fill in this field."]}
    assert answer(schema, x="false") == {"x": False}


def test_unknown_keys_from_outside_are_never_taken_over() -> None:
    data = QueryDict("answer-x=a&answer-status=decided&status=decided&x=b")
    assert send(one({"type": "string"}), None, data).answer == {"x": "a"}


def test_a_constant_is_sent_whatever_comes_from_outside() -> None:
    schema = one({"const": "refund"}, required=True)
    data = QueryDict("answer-x=something+else")
    assert send(schema, None, data).answer == {"x": "refund"}


def test_a_read_only_value_is_the_proposed_one() -> None:
    schema = one({"type": "integer", "readOnly": True})
    assert send(schema, {"x": 7}, QueryDict("answer-x=8")).answer == {"x": 7}


def test_a_secret_is_not_on_the_page_and_stays_when_nothing_is_typed() -> None:
    schema = one({"type": "string", "format": "password"})
    assert "hunter2" not in render_to_string(
        "review/_form.html", {"form": answer_form(schema, {"x": "hunter2"})}
    )
    assert answer(schema, {"x": "hunter2"}) == {"x": "hunter2"}
    assert answer(schema, {"x": "hunter2"}, x="other") == {"x": "other"}


def test_a_schema_that_is_no_object_is_one_field_and_gives_the_bare_value() -> None:
    assert answer({"type": "boolean"}, value="true") is True
    assert answer({"enum": ["yes", "no"]}, value="no") == "no"
    assert answer({"type": "integer"}, 3) == 3
    assert send({"type": "integer"}).errors == {"value": ["Fill in this field."]}


def test_no_schema_means_no_fields_and_no_answer() -> None:
    form = send(None, data=QueryDict("answer-value=1"))
    assert form.is_valid()
    assert form.answer is None
    assert form.rows == ()


def test_an_optional_object_that_nobody_touched_is_left_out() -> None:
    form = send(REFUND, {"amount": 1, "approved": True})
    assert form.answer == {"amount": 1, "approved": True, "notify": False}
    typed = page_of(answer_form(REFUND, {"amount": 1, "approved": True})).sent()
    typed["answer-address.city"] = "Ulm"
    assert send(REFUND, None, typed).answer["address"] == {"city": "Ulm"}


def test_references_and_all_of_are_followed() -> None:
    schema = {
        "$defs": {"Colour": {"enum": ["red", "blue"]}},
        "allOf": [
            {"properties": {"colour": {"$ref": "#/$defs/Colour", "title": "Paint"}}},
            {"properties": {"size": {"type": "integer"}}, "required": ["size"]},
        ],
        "type": "object",
    }
    form = answer_form(schema)
    assert form.is_complete
    assert form.fields["colour"].label == "Paint"
    assert answer(schema, colour="red", size="4") == {"colour": "red", "size": 4}


def test_a_schema_that_contains_itself_ends_in_a_box_of_json() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "child": {"$ref": "#"}},
    }
    form = answer_form(schema)
    assert not form.is_complete
    assert len(form.fields) < 20


def test_references_that_multiply_the_fields_end_in_one_box_of_json() -> None:
    parts = {
        f"p{i}": {
            "type": "object",
            "properties": {k: {"$ref": f"#/$defs/p{i + 1}"} for k in "abcd"},
        }
        for i in range(5)
    }
    schema = {"$ref": "#/$defs/p0", "$defs": {**parts, "p5": {"type": "string"}}}
    assert list(answer_form(schema).fields) == ["value"]


# Lists of objects

ITEMS = one(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "what": {"type": "string"},
                "price": {"type": "number", "maximum": 9},
            },
            "required": ["what", "price"],
        },
    }
)
TWO_ITEMS = {"x": [{"what": "a", "price": 1}, {"what": "b", "price": 2.5}]}


def test_a_list_of_objects_has_fields_for_each_and_room_for_more() -> None:
    assert answer(ITEMS, TWO_ITEMS) == TWO_ITEMS
    data = page_of(answer_form(ITEMS, TWO_ITEMS)).sent()
    data["answer-x.0!remove"] = "on"
    data["answer-x.3.what"] = "c"
    data["answer-x.3.price"] = "3"
    assert send(ITEMS, TWO_ITEMS, data).answer["x"] == [
        {"what": "b", "price": 2.5},
        {"what": "c", "price": 3},
    ]


def test_an_error_in_a_list_is_shown_at_the_item_on_the_page() -> None:
    data = page_of(answer_form(ITEMS, TWO_ITEMS)).sent()
    data["answer-x.0!remove"] = "on"
    data["answer-x.1.price"] = "10"
    data["answer-x.3.what"] = "c"
    assert send(ITEMS, TWO_ITEMS, data).errors == {
        "x.1.price": ["Choose a number of at most 9."],
        "x.3.price": ["Fill in this field."],
    }


# The page


def test_every_label_is_the_title_or_a_readable_name_with_its_unit() -> None:
    text = page_of(answer_form(REFUND)).text
    assert "Amount to pay (EUR)" in text
    assert "For the file." in text
    assert "Address" in text
    assert text.count("required") == 3  # amount, approved, and the address's city


def test_up_to_five_choices_are_radio_buttons_and_more_are_a_list() -> None:
    few = page_of(answer_form(one({"enum": list("abcde")}, required=True)))
    many = page_of(answer_form(one({"enum": list("abcdef")}, required=True)))
    assert few.find("answer-x")["type"] == "radio"
    assert [tag for tag, _ in many.elements if tag == "select"]


def test_hints_choose_widget_order_and_section() -> None:
    schema = {
        "type": "object",
        "properties": {
            "b": {"type": "string", "x-ui": {"group": "More", "order": 2}},
            "a": {"type": "string", "x-ui": {"widget": "textarea", "order": 1}},
            "c": {"type": "string", "x-ui": {"group": "More"}},
        },
    }
    rows = answer_form(schema).rows
    assert [row.title for row in rows] == ["", "More"]
    assert [row.field.name for row in rows[1].rows if row.field] == ["b", "c"]
    assert answer(schema, a="1", b="2", c="3") == {"a": "1", "b": "2", "c": "3"}


def test_odd_hints_are_ignored() -> None:
    hints: list[Any] = [7, {"widget": ["x"], "order": "first", "unit": {}, "group": 1}]
    for hint in hints:
        assert answer(one({"type": "string", "x-ui": hint}), x="a") == {"x": "a"}


def test_names_of_fields_cannot_collide_nor_leave_the_id() -> None:
    names = ["a.b", "a b", "a", "<b>", '"', "日本", "", "a~20~b"]
    schema = {"type": "object", "properties": {n: {"type": "string"} for n in names}}
    schema["properties"]["a"] = {  # type: ignore[index]
        "type": "object",
        "properties": {"b": {"type": "string"}},
    }
    page = page_of(answer_form(schema))
    assert len(page.ids) == len(set(page.ids))
    assert not any(" " in each for each in page.ids)
    proposed = {name: f"value of {name}" for name in names} | {"a": {"b": "inner"}}
    assert answer(schema, proposed) == proposed


def test_what_a_proposal_cannot_fill_is_ignored() -> None:
    odd: list[Any] = [[], "x", {"amount": {}}, {"address": 3}, {"amount": "\ud800"}]
    for proposed in odd:
        page_of(answer_form(REFUND, proposed))


# Errors


def test_errors_lie_beside_their_fields_nested_ones_too() -> None:
    data = QueryDict(
        "answer-amount=501&answer-reason=abc&answer-address.city=Garmisch-Partenkirchen"
    )
    assert send(REFUND, None, data).errors == {
        "amount": ["Choose a number of at most 500."],
        "approved": ["Fill in this field."],
        "reason": ["Enter at least 5 characters."],
        "address.city": ["Shorten this to at most 10 characters."],
    }


def test_the_summary_links_to_the_fields_and_everything_described_exists() -> None:
    form = send(REFUND, None, QueryDict("answer-amount=much"))
    page = page_of(form)
    summary = next(e for _, e in page.elements if e.get("id") == "error-summary")
    assert summary["tabindex"] == "-1"
    assert summary["role"] == "alert"
    assert set(page.values_of("href")) == {"#id_answer-amount", "#id_answer-approved"}
    described = " ".join(page.values_of("aria-describedby")).split()
    targets = [each.removeprefix("#") for each in page.values_of("href")]
    assert set(described) | set(targets) <= set(page.ids)
    assert page.find("answer-amount")["aria-invalid"] == "true"
    assert page.find("answer-amount")["aria-describedby"] == "id_answer-amount_error"


def test_what_was_typed_is_kept_with_the_errors() -> None:
    data = QueryDict("answer-amount=much&answer-approved=true&answer-reason=so+so")
    assert dict(page_of(send(REFUND, None, data)).sent()) == {
        "answer-amount": ["much"],
        "answer-approved": ["true"],
        "answer-reason": ["so so"],
        "answer-address.city": [""],
    }


@pytest.mark.parametrize(
    "typed", ["ten", "1.5", "1e5", "0x10", "\uff11\uff10", "1_000", "--1"]
)
def test_a_whole_number_is_asked_for_again(typed: str) -> None:
    form = send(one({"type": "integer"}), x=typed)
    assert form.errors == {"x": ["Enter a whole number, such as 10."]}


@pytest.mark.parametrize("typed", ["NaN", "inf", "1e999", "12,50", ".", "1e"])
def test_a_number_is_asked_for_again(typed: str) -> None:
    form = send(one({"type": "number"}), x=typed)
    assert form.errors == {"x": ["Enter a number, such as 10 or 12.50."]}


@pytest.mark.parametrize(
    "typed", ["{", "NaN", '{"a": 1, "a": 2}', "[1e999]", '"\\ud800"', "[" * 40, "{} x"]
)
def test_odd_json_is_an_error_beside_its_box_and_is_kept(typed: str) -> None:
    form = send(one({"type": "object"}), x=typed)
    assert list(form.errors) == ["x"]
    assert page_of(form).sent()["answer-x"] == typed


def test_an_error_inside_a_box_says_where() -> None:
    free = {"type": "object", "additionalProperties": {"type": ["integer", "null"]}}
    schema = one(free)
    assert send(schema, x='{"a": "b"}').errors == {
        "x": ["At a: Enter a whole number, or leave this empty."]
    }


def test_an_error_in_a_list_of_lines_names_the_line() -> None:
    schema = one({"type": "array", "items": {"type": "string", "maxLength": 2}})
    form = send(schema, x="ab\r\nabc")
    assert form.errors == {"x": ["Line 2: Shorten this to at most 2 characters."]}


def test_an_error_of_no_field_stands_above_all_of_them() -> None:
    schema = {**one({"type": "string"}), "minProperties": 1}
    form = send(schema)
    assert form.non_field_errors() == ["Fill in at least 1 field."]
    assert page_of(form).values_of("href") == ["#answer"]


def test_a_value_that_is_not_among_the_choices_is_refused() -> None:
    form = send(one({"enum": ["a", "b"]}), data=QueryDict("answer-x=c"))
    assert form.errors == {"x": ["Choose one of: a, b."]}


def test_a_draft_shows_what_was_typed_without_checking_it() -> None:
    form = answer_form(REFUND, None, QueryDict("answer-amount=much"), is_draft=True)
    page = page_of(form)
    assert page.sent()["answer-amount"] == "much"
    assert "error-summary" not in page.ids


def test_a_broken_schema_gives_a_page_that_accepts_nothing_and_says_why() -> None:
    form = send({"type": "colour"}, data=QueryDict("answer-value=1"))
    assert not form.is_valid()
    assert "the form is broken" in page_of(form).text


# What is proposed comes back

TYPICAL = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "long": {"type": "string", "maxLength": 10_000},
        "whole": {"type": "integer"},
        "number": {"type": "number"},
        "sure": {"type": "boolean"},
        "agreed": {"type": "boolean"},
        "maybe": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "colour": {"enum": ["red", 1, 1.5, None, False, ""]},
        "several": {"type": "array", "items": {"enum": list("abcdefg")}},
        "lines": {"type": "array", "items": {"type": "string"}},
        "free": {},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "either": {"type": ["string", "integer"]},
        "inner": {
            "type": "object",
            "properties": {"limit": {"type": ["integer", "null"]}},
            "required": ["limit"],
        },
        "when": {"type": "string", "format": "date-time"},
    },
    "required": ["sure", "maybe"],
}
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters)
numbers = st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)
proposals = st.fixed_dictionaries(
    {
        "sure": st.booleans(),
        "maybe": st.booleans() | st.none(),
        "agreed": st.booleans(),
    },
    optional={
        "text": texts,
        "long": texts,
        "whole": st.integers(-(10**900), 10**900),
        "number": numbers | st.integers(),
        "colour": st.sampled_from(["red", 1, 1.5, None, False, ""]),
        "several": st.lists(st.sampled_from("abcdefg"), unique=True),
        "lines": st.lists(texts),
        "free": anything,
        "labels": st.dictionaries(texts, texts),
        "either": texts | st.integers(),
        "inner": st.fixed_dictionaries({"limit": st.integers() | st.none()}),
        "when": st.datetimes().map(lambda moment: f"{moment.isoformat()}+02:00"),
    },
)


@settings(deadline=None)  # other work on the machine must not fail it
@given(proposed=proposals)
def test_a_form_sent_back_untouched_gives_the_proposal_exactly(
    proposed: dict[str, Any],
) -> None:
    form = send(TYPICAL, proposed)
    assert not form.errors
    assert json.dumps(form.answer, sort_keys=True) == json.dumps(
        proposed, sort_keys=True
    )
