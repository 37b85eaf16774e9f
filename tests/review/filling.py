"""What tests do with the form of an answer: open it, type, send it."""

from typing import Any

from django.http import QueryDict
from django.template.loader import render_to_string

from review_app.forms import AnswerForm, answer_form
from tests.review.browser_page import BrowserPage

REFUND = {
    "type": "object",
    "properties": {
        "amount": {
            "type": "number",
            "title": "Amount to pay",
            "maximum": 500,
            "x-ui": {"unit": "EUR"},
        },
        "approved": {"type": "boolean"},
        "reason": {"type": "string", "minLength": 5, "description": "For the file."},
        "notify": {"type": "boolean"},
        "address": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 10}},
            "required": ["city"],
        },
    },
    "required": ["amount", "approved"],
}


def page_of(form: AnswerForm) -> BrowserPage:
    return BrowserPage(render_to_string("review/_form.html", {"form": form}))


def send(
    schema: Any, proposed: Any = None, data: QueryDict | None = None, **typed: str
) -> AnswerForm:
    """Open the form, type into some fields, send it."""
    sent = data or page_of(answer_form(schema, proposed)).sent(**typed)
    form = answer_form(schema, proposed, sent)
    form.is_valid()
    return form


def answer(schema: Any, proposed: Any = None, **typed: str) -> Any:
    sent = page_of(answer_form(schema, proposed)).sent(**typed)
    form = send(schema, proposed, sent)
    assert not form.errors, form.errors
    return form.answer


def one(schema: Any, *, required: bool = False) -> dict[str, Any]:
    """Make the schema of an object with one field, `x`."""
    return {"type": "object", "properties": {"x": schema}, "required": ["x"] * required}
