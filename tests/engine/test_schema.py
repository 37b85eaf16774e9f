"""Schemas of answers: which are taken, and what a person is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows_app.engine.errors import ValidationError
from workflows_app.engine.schema import SchemaError, check_schema, find_errors

SUITE = (
    Path(__file__).resolve().parents[2].parent / "shared/data/json-schema-test-suite"
)


def messages(schema: Any, value: Any) -> list[str]:
    return [error.message for error in find_errors(schema, value)]


def test_a_value_that_fits_has_no_errors() -> None:
    assert find_errors({"type": "integer", "maximum": 500}, 500) == []


def test_an_error_says_where_what_to_do_and_which_keyword() -> None:
    schema = {"properties": {"items": {"items": {"maximum": 500}}}}
    assert find_errors(schema, {"items": [1, 501]}) == [
        SchemaError(("items", 1), "Choose a number of at most 500.", "maximum")
    ]


def test_a_missing_value_is_reported_at_its_own_place() -> None:
    error = SchemaError(("reason",), "Fill in this field.", "required")
    assert find_errors({"required": ["reason"]}, {}) == [error]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "integer"}, "x", "Enter a whole number."),
        ({"type": ["string", "null"]}, 1, "Enter text, or leave this empty."),
        ({"enum": ["a", "b"]}, "c", "Choose one of: a, b."),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, 3, "Choose one of: 1, 2."),
        ({"minLength": 1}, "", "Fill in this field."),
        ({"minLength": 5}, "abc", "Enter at least 5 characters."),
        ({"maxItems": 1}, [1, 2], "Choose at most 1 item."),
        ({"multipleOf": 0.5}, 0.7, "Choose a multiple of 0.5."),
        (
            {"format": "email"},
            "ada",
            "Enter an e-mail address, such as name@example.com.",
        ),
        (
            {"properties": {}, "additionalProperties": False},
            {"x": 1},
            "Leave out x: it is not asked for.",
        ),
    ],
)
def test_a_message_tells_what_to_do(schema: Any, value: Any, message: str) -> None:
    assert messages(schema, value) == [message]


def test_an_optional_value_is_told_of_the_alternative_that_was_meant() -> None:
    schema = {"anyOf": [{"type": "integer", "maximum": 5}, {"type": "null"}]}
    assert messages(schema, 9) == ["Choose a number of at most 5."]
    assert messages(schema, "x") == ["Enter a whole number, or leave this empty."]


def test_an_integer_of_any_size_is_exact() -> None:
    assert find_errors({"type": "integer", "maximum": 10**400}, 10**400) == []
    assert messages({"type": "integer", "maximum": 10**30}, 10**30 + 1)


def test_half_a_surrogate_pair_is_an_error_and_no_crash() -> None:
    assert messages({"type": "string"}, "\ud800")


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ([], "is a JSON object"),
        ({"title": "x" * 70_000}, "larger than 64 KiB"),
        ({"pattern": "a" * 201}, "longer than 200 characters"),
        ({"patternProperties": {"a" * 201: {}}}, "longer than 200 characters"),
        ({"pattern": "(?<=a)b"}, "look-around"),
        ({"$ref": "http://schemas.example/answer.json"}, "not in it"),
        ({"$ref": "file:///etc/hostname"}, "not in it"),
        ({"$ref": "#/$defs/nothing"}, "not in it"),
        ({"type": "colour"}, "not valid at type"),
        ({"title": "\ud800"}, "cannot be written as JSON"),
        ({"default": float("nan")}, "cannot be written as JSON"),
        ({"default": object()}, "cannot be written as JSON"),
    ],
)
def test_a_schema_out_of_bounds_is_refused(schema: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        check_schema(schema)


def test_a_schema_may_be_16_levels_deep_but_not_17() -> None:
    deep: dict[str, Any] = {}
    for _ in range(15):
        deep = {"not": deep}
    check_schema(deep)
    with pytest.raises(ValidationError, match="deeper than 16"):
        check_schema({"not": deep})


def test_references_may_not_multiply_the_alternatives() -> None:
    parts = {f"p{i}": {"anyOf": [{"$ref": f"#/$defs/p{i + 1}"}] * 2} for i in range(22)}
    schema = {"$ref": "#/$defs/p0", "$defs": {**parts, "p22": {"type": "string"}}}
    with pytest.raises(ValidationError, match="too many alternatives"):
        check_schema(schema)


def test_a_long_chain_of_references_is_refused_and_no_crash() -> None:
    parts = {f"p{i}": {"$ref": f"#/$defs/p{i + 1}"} for i in range(1_500)}
    with pytest.raises(ValidationError, match="too many alternatives"):
        check_schema({"$ref": "#/$defs/p0", "$defs": {**parts, "p1500": {}}})


def test_a_schema_may_refer_to_itself() -> None:
    tree = {"properties": {"children": {"items": {"$ref": "#"}}}, "required": ["name"]}
    check_schema(tree)
    value = {"name": "a", "children": [{"children": []}]}
    assert [each.path for each in find_errors(tree, value)] == [("children", 0, "name")]


def test_a_pattern_takes_linear_time() -> None:
    assert messages({"pattern": "^(a+)+$"}, "a" * 50_000 + "b")


def test_a_schema_that_cannot_be_used_raises_instead_of_letting_answers_through() -> (
    None
):
    with pytest.raises(ValidationError):
        find_errors({"type": "colour"}, 1)


def suite_cases() -> list[Any]:
    """Every case of the official suite but those where `format` is a mere remark."""
    files = [file for file in sorted(SUITE.rglob("*.json")) if file.stem != "format"]
    return [
        pytest.param(group, id=f"{file.stem}: {group['description']}")
        for file in files
        for group in json.loads(file.read_text())
    ]


needs_suite = pytest.mark.skipif(
    not SUITE.exists(), reason="the JSON Schema test suite is missing"
)


@needs_suite
@pytest.mark.parametrize("group", suite_cases())
def test_the_official_suite_agrees(group: dict[str, Any]) -> None:
    for case in group["tests"]:
        is_valid = not find_errors(group["schema"], case["data"])
        assert is_valid == case["valid"], case["description"]


@needs_suite
def test_the_suite_agrees_in_1061_of_1074_cases_and_else_formats_are_checked() -> None:
    """What the suite takes for a remark, `format`, is checked here."""
    agreed, others = 0, []
    for file in SUITE.rglob("*.json"):
        for group in json.loads(file.read_text()):
            for case in group["tests"]:
                is_valid = not find_errors(group["schema"], case["data"])
                agreed += is_valid == case["valid"]
                if is_valid != case["valid"]:
                    others.append((file.stem, is_valid))
    assert (agreed, len(others)) == (1061, 13)
    assert set(others) == {("format", False)}


@pytest.mark.parametrize(
    ("schema", "fits", "does_not"),
    [
        ({"items": [{"type": "integer"}], "additionalItems": False}, [1], [1, 2]),
        ({"minimum": 1, "exclusiveMinimum": True}, 2, 1),
    ],
)
def test_a_schema_of_an_old_draft_means_what_it_meant(
    schema: Any, fits: Any, does_not: Any
) -> None:
    check_schema(schema)
    assert find_errors(schema, fits) == []
    assert find_errors(schema, does_not) != []


def test_a_schema_that_names_its_draft_is_of_that_draft() -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "items": [{}]}
    with pytest.raises(ValidationError, match="not valid at items"):
        check_schema(schema)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)  # other work on the machine must not fail it
@given(value=values)
def test_each_value_fits_itself_and_every_error_has_a_sentence(value: Any) -> None:
    schema = {"properties": {"a": {"type": "integer"}}, "type": ["object", "string"]}
    for error in find_errors(schema, value):
        assert error.message.endswith((".", "empty."))
    assert find_errors(True, value) == []
