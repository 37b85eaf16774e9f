"""Which lists can be shown as checkboxes or as lines."""

from typing import Any

from django import forms

from review_app.schema_form.fields import (
    AnswerField,
    IntegerField,
    NumberField,
    TextField,
)


def is_set(start: Any) -> bool:
    """Whether checkboxes can show a start: nothing in it comes twice."""
    values = start or []
    return all(value not in values[:index] for index, value in enumerate(values))


def is_one_line(field: AnswerField) -> bool:
    """Whether the items of a list can be typed one a line."""
    if isinstance(field, IntegerField | NumberField):
        return True
    return type(field) is TextField and isinstance(field.widget, forms.TextInput)


def are_lines(start: Any) -> bool:
    """Whether the items of a start fit on a line each."""
    return all(map(_is_line, start or []))


def _is_line(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    text = str(value)
    return bool(text.strip()) and "\n" not in text and "\r" not in text
