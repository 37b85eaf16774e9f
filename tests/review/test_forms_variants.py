"""Fields for values of several forms, for names nobody knows, and for suggestions."""

from typing import Any

import pytest
from django.http import QueryDict

from review_app.forms import answer_form
from tests.review.filling import answer, one, page_of, send

ADDRESS = {
    "title": "Address",
    "type": "object",
    "properties": {"street": {"type": "string"}, "number": {"type": "integer"}},
    "required": ["street"],
}
PERSON = {
    "title": "Person",
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 2}},
    "required": ["name"],
}
EITHER = {
    "type": "object",
    "properties": {
        "to": {
            "oneOf": [
                {"$ref": "#/definitions/address"},
                {"$ref": "#/definitions/person"},
            ]
        }
    },
    "required": ["to"],
    "definitions": {"address": ADDRESS, "person": PERSON},
}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}


def typed(schema: Any, proposed: Any = None, **fields: str) -> QueryDict:
    """What is sent; the names of fields that are no identifiers are given with `_`."""
    data = page_of(answer_form(schema, proposed)).sent()
    for name, value in fields.items():
        data[f"answer-{name.replace('__', '!').replace('_', '.')}"] = value
    return data


# One of several forms


def test_the_fields_of_the_form_that_was_chosen_make_the_value() -> None:
    sent = typed(EITHER, to__kind="1", to_name__1="Mia", to_street__0="Elm Street")
    assert answer_form(EITHER).is_complete
    assert send(EITHER, None, sent).answer == {"to": {"name": "Mia"}}


def test_each_form_is_a_radio_button_with_its_fields_below() -> None:
    page = page_of(answer_form(EITHER))
    radios = [e for _, e in page.elements if e.get("name") == "answer-to!kind"]
    assert [each["type"] for each in radios] == ["radio", "radio"]
    assert "Address" in page.text
    assert "Person" in page.text
    assert len(page.ids) == len(set(page.ids))


def test_the_form_that_fits_what_is_proposed_is_chosen() -> None:
    proposed = {"to": {"street": "Elm Street", "number": 5}}
    assert page_of(answer_form(EITHER, proposed)).sent()["answer-to!kind"] == "0"
    assert answer(EITHER, proposed) == proposed


def test_nobody_needs_to_choose_what_is_optional() -> None:
    schema = {**EITHER, "required": []}
    assert send(schema).answer == {}
    assert send(EITHER).errors == {"to!kind": ["Fill in this field."]}


def test_an_error_is_told_of_the_form_that_was_chosen() -> None:
    sent = typed(EITHER, to__kind="1", to_name__1="M")
    assert send(EITHER, None, sent).errors == {
        "to.name!1": ["Enter at least 2 characters."]
    }
    sent = typed(EITHER, to__kind="0")
    assert send(EITHER, None, sent).errors == {"to.street!0": ["Fill in this field."]}


def test_a_text_or_a_number_keeps_the_type_that_was_chosen() -> None:
    schema = one({"type": ["string", "integer", "boolean"]}, required=True)
    for number, value in enumerate(("5", 5)):
        fields = {"x__kind": str(number), f"x__{number}": "5"}
        assert send(schema, None, typed(schema, **fields)).answer == {"x": value}
    assert answer(schema, {"x": 5}) == {"x": 5}


def test_forms_that_are_called_alike_have_numbers() -> None:
    schema = one(
        {"oneOf": [{**ADDRESS, "title": "Place"}, {**PERSON, "title": "Place"}]}
    )
    text = page_of(answer_form(schema)).text
    assert "Place (1)" in text
    assert "Place (2)" in text


def test_a_form_with_a_list_in_it_counts_its_own_items_only() -> None:
    items = {
        "type": "object",
        "properties": {"lines": {"type": "array", "items": ADDRESS}},
        "required": ["lines"],
    }
    schema = one({"oneOf": [items, PERSON]})
    proposed = {"x": {"lines": [{"street": "a"}, {"street": "b"}]}}
    sent = typed(schema, proposed)
    sent["answer-x.lines.0!0!remove"] = "on"
    assert send(schema, proposed, sent).answer == {"x": {"lines": [{"street": "b"}]}}
    sent["answer-x.lines.1.number!0"] = "two"
    assert list(send(schema, proposed, sent).errors) == ["x.lines.1.number!0"]


def test_forms_without_a_type_stay_a_box_of_json() -> None:
    schema = one({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]})
    assert not answer_form(schema).is_complete


# Names that nobody knows


def test_names_and_values_are_lines() -> None:
    given = answer(one(LABELS), x="team = payments\r\n\r\nurl=https://a.example/?b=c")
    assert given == {"x": {"team": "payments", "url": "https://a.example/?b=c"}}


@pytest.mark.parametrize("proposed", [{}, {"a": "1", "b": ""}, {"a b": "c = d"}])
def test_names_and_values_come_back_as_they_were(proposed: dict[str, str]) -> None:
    assert answer(one(LABELS), {"x": proposed}) == {"x": proposed}


def test_numbers_by_name_are_numbers() -> None:
    schema = one({"type": "object", "additionalProperties": {"type": "integer"}})
    assert answer(schema, x="a = 5") == {"x": {"a": 5}}
    assert send(schema, x="a = five").errors == {
        "x": ["Enter a whole number, such as 10."]
    }


@pytest.mark.parametrize("line", ["team", "= 5", "a = 1\r\na = 2"])
def test_a_line_that_is_no_pair_is_asked_for_again(line: str) -> None:
    (message,) = send(one(LABELS), x=line).errors["x"]
    assert "write a name, an equals sign and a value" in message


@pytest.mark.parametrize("odd", [{"a=b": "c"}, {"a": "b\nc"}, {" a": "b"}, {"a": " b"}])
def test_pairs_that_fit_on_no_line_are_a_box_of_json(odd: dict[str, str]) -> None:
    form = answer_form(one(LABELS), {"x": odd})
    assert not form.is_complete
    assert answer(one(LABELS), {"x": odd}) == {"x": odd}


# Suggestions


def test_listed_texts_are_offered_where_any_text_is_taken() -> None:
    schema = one({"anyOf": [{"enum": ["psycopg", "asyncpg"]}, {"type": "string"}]})
    page = page_of(answer_form(schema))
    offered = [e["value"] for tag, e in page.elements if tag == "option"]
    assert offered == ["psycopg", "asyncpg"]
    assert page.find("answer-x")["list"] in page.ids
    assert answer(schema, x="my own") == {"x": "my own"}


def test_values_listed_in_several_places_are_one_choice() -> None:
    schema = one({"anyOf": [{"enum": ["a", "b"]}, {"enum": ["c"]}]})
    assert answer_form(schema).is_complete
    assert answer(schema, x="c") == {"x": "c"}
    assert send(schema, data=QueryDict("answer-x=d")).errors


# Items to add


def test_room_for_new_items_is_folded_until_somebody_uses_it() -> None:
    schema = one({"type": "array", "items": ADDRESS})
    proposed = {"x": [{"street": "a"}]}
    folded = page_of(answer_form(schema, proposed))
    assert "open" not in next(e for t, e in folded.elements if t == "details")
    sent = typed(schema, proposed, x_1_number="many")
    opened = page_of(send(schema, proposed, sent))
    assert "open" in next(e for t, e in opened.elements if t == "details")
