"""What was proposed stands beside what a person makes of it."""

import json
from typing import Any

import pytest
from django.http import QueryDict

from review_app.forms import AnswerForm, answer_form
from review_app.given_answer import answer_of
from tests.review.browser_page import BrowserPage
from tests.review.filling import REFUND, one, page_of, send


def typed(schema: Any, proposed: Any, **fields: str) -> AnswerForm:
    sent = page_of(answer_form(schema, proposed)).sent(**fields)
    return answer_form(schema, proposed, sent, is_draft=True)


def told(form: AnswerForm) -> list[str]:
    """What stands beside the fields that are others now."""
    return [
        row.proposed.text
        for row in form.rows
        if row.proposed is not None and row.proposed.is_changed
    ]


def hidden(page: BrowserPage) -> list[bool]:
    return ["hidden" in e for _, e in page.elements if e.get("class") == "was"]


@pytest.mark.parametrize(
    ("schema", "proposed", "value", "text"),
    [
        ({"type": "number"}, 180, "120.00", "180"),
        ({"type": "string"}, "Dear", "Hello", "Dear"),
        ({"type": "string"}, "", "Hello", "empty"),
        ({"type": "string"}, "word " * 50, "Hello", f"{'word ' * 12}…"),
        ({"enum": ["a", "b"]}, "a", "b", "a"),
        ({"enum": list("abcdefg")}, "a", "b", "a"),
        ({"oneOf": [{"const": 1, "title": "One"}, {"const": 2}]}, 1, "2", "One"),
        ({"type": "array", "items": {"type": "string"}}, ["a", "b"], "a", "a b"),
        ({"type": "array"}, [1], "[2]", "[ 1 ]"),
        (
            {"type": "string", "format": "date"},
            "2026-01-31",
            "2026-02-01",
            "2026-01-31",
        ),
    ],
)
def test_a_changed_field_says_what_it_was(
    schema: Any, proposed: Any, value: str, text: str
) -> None:
    form = typed(one(schema), {"x": proposed}, x=value)
    assert (form.edits, told(form)) == (1, [text])
    assert f"was {text} ↺" in " ".join(page_of(form).text.split())


def test_boxes_and_choices_say_what_they_were() -> None:
    schema = {
        "type": "object",
        "properties": {
            "sure": {"type": "boolean"},
            "agreed": {"type": "boolean"},
            "several": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        },
        "required": ["agreed"],
    }
    proposed = {"sure": True, "agreed": True, "several": ["a", "b"]}
    data = QueryDict("answer-agreed=false&answer-several=c")
    form = answer_form(schema, proposed, data, is_draft=True)
    assert (form.edits, told(form)) == (3, ["Yes", "Yes", "a, b"])


def test_an_untouched_form_has_no_edits_and_hides_what_was() -> None:
    proposed = {"amount": 180, "approved": True, "reason": "a\r\nb", "notify": True}
    assert typed(REFUND, proposed).edits == 0
    page = page_of(answer_form(REFUND, proposed))
    assert hidden(page) == [True] * 4


def test_a_page_with_an_error_shows_what_was_without_any_script() -> None:
    proposed = {"amount": 180, "approved": True, "reason": "So it is."}
    sent = page_of(answer_form(REFUND, proposed)).sent(amount="much")
    assert hidden(page_of(send(REFUND, proposed, sent))) == [False, True, True]


def test_a_default_and_an_empty_field_were_not_proposed() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer", "default": 5}, "b": {"type": "string"}},
    }
    assert typed(schema, None, a="6", b="x").edits == 0
    assert typed(schema, {}, a="6", b="x").edits == 0


def test_a_secret_and_a_fixed_value_are_not_told() -> None:
    schema = {
        "type": "object",
        "properties": {
            "key": {"type": "string", "format": "password"},
            "id": {"type": "integer", "readOnly": True},
        },
    }
    form = typed(schema, {"key": "hunter2", "id": 7}, key="other")
    assert form.edits == 0
    assert "hunter2" not in page_of(form).text


def test_items_that_come_and_go_count() -> None:
    schema = one(
        {
            "type": "array",
            "items": {"type": "object", "properties": {"what": {"type": "string"}}},
        }
    )
    proposed = {"x": [{"what": "a"}]}
    sent = page_of(answer_form(schema, proposed)).sent()
    sent["answer-x.0!remove"] = "on"
    sent["answer-x.1.what"] = "new"
    form = answer_form(schema, proposed, sent, is_draft=True)
    assert form.edits == 2
    assert hidden(page_of(form)) == [True]


def test_the_page_knows_what_each_control_held() -> None:
    page = page_of(answer_form(REFUND, {"amount": 180, "approved": True}))
    held = [json.loads(each) for each in page.values_of("data-proposed")]
    assert held == [["180"], ["true"]]


def test_a_long_text_is_written_twice_only_when_it_was_changed() -> None:
    schema = one({"type": "string", "maxLength": 100_000})
    proposed = {"x": "y" * 50_000}
    assert page_of(answer_form(schema, proposed)).values_of("data-proposed") == [""]
    changed = page_of(typed(schema, proposed, x="z"))
    assert json.loads(changed.values_of("data-proposed")[0]) == ["y" * 50_000]


# The answer, when it is read


def answered(answer: Any, proposed: Any, schema: Any = REFUND) -> dict[str, Any]:
    """Of each part of an answer, what had been proposed; parts without are left out."""
    content = {"schema": schema, "proposed": proposed}
    return {f["label"]: f["was"] for f in answer_of(content, answer) if "was" in f}


def test_an_answer_tells_which_values_are_others_than_proposed() -> None:
    proposed = {"amount": 180, "approved": True, "reason": "So it is."}
    answer = {"amount": 120.0, "approved": True, "notify": False}
    assert answered(answer, proposed) == {"Amount to pay": 180, "Reason": "So it is."}


def test_a_yes_is_no_one_and_180_is_180_0() -> None:
    assert answered(
        {"amount": 180.0, "approved": 1}, {"amount": 180, "approved": True}
    ) == {"Approved": "Yes"}


def test_a_bare_answer_tells_it_too_and_a_secret_never() -> None:
    assert answered(5, 4, {"type": "integer"}) == {"Answer": 4}
    secret = one({"type": "string", "writeOnly": True})
    assert answered({"x": "new"}, {"x": "old"}, secret) == {}
