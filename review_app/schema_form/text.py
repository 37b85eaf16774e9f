"""Which field a text gets: by its format, its length, and what it starts with."""

from collections.abc import Callable
from typing import Any

from django import forms

from review_app.schema_form.fields import (
    AnswerField,
    MomentField,
    SecretField,
    TextField,
)
from review_app.schema_form.moments import show_date
from review_app.schema_form.place import Place

LONG_TEXT = 200
LONG_FORMATS = ("multi-line", "multiline", "textarea", "markdown")
INPUT_TYPES = {"email": "email", "uri": "url", "date": "date"}


def text_field(place: Place) -> AnswerField:
    """Choose a field for a text."""
    name = place.text("format")
    if "password" in (name, place.hint("widget")) or place.schema.get("writeOnly"):
        return SecretField(place)
    if is_long(place):
        return TextField(place, forms.Textarea({"rows": 5}))
    if name in ("date-time", "time"):
        return _picker_or_line(place, MomentField)
    if name == "date":
        return _picker_or_line(place, _date_field)
    return _line(place, INPUT_TYPES.get(name, "text"))


def is_long(place: Place) -> bool:
    """Whether a text needs several lines."""
    most = place.schema.get("maxLength")
    return (
        (isinstance(most, int) and most > LONG_TEXT)
        or place.hint("widget") == "textarea"
        or place.text("format") in LONG_FORMATS
        or bool({"\n", "\r"} & set(str(place.start)))
    )


def _picker_or_line(
    place: Place, picker: Callable[[Place], AnswerField]
) -> AnswerField:
    """Take the picker, or a plain line for a start that no picker could show."""
    try:
        return picker(place)
    except ValueError:
        return _line(place, "text")


def _date_field(place: Place) -> AnswerField:
    start: Any = place.start
    if start:
        show_date(str(start))
    return _line(place, "date")


def _line(place: Place, kind: str) -> AnswerField:
    return TextField(place, forms.TextInput({"type": kind, "autocomplete": "off"}))
