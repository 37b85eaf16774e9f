"""Fields of an answer: each turns what was typed into JSON, and JSON into a start."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from review_app.schema_form import moments
from review_app.schema_form.place import MISSING, Place
from workflows_app.engine.strict_json import StrictJsonError, load_strict
from workflows_app.shown.visible import visible

INTEGER = re.compile(r"[+-]?[0-9]{1,1000}")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")


class AnswerField(forms.Field):
    """A field that knows its place; whether its value fits, the schema alone says.

    Django's own `required` is off: what is empty is left out, and the schema objects.
    """

    template = "review/_field.html"
    note: ClassVar[str] = ""  # what a person must know beside the description

    def __init__(self, place: Place, widget: forms.Widget | None = None) -> None:
        self.place = place
        initial = None if place.start in (MISSING, None) else self.show(place.start)
        self.unit = place.hint("unit")
        super().__init__(
            required=False,
            label=place.label,
            help_text=" ".join(filter(None, [place.text("description"), self.note])),
            initial=initial,
            widget=widget or forms.TextInput({"autocomplete": "off"}),
        )

    @property
    def fields(self) -> Iterator["AnswerField"]:
        yield self

    def parts(self, values: Mapping[str, Any]) -> list[Any]:
        """It is made of nothing else."""
        return []

    def collect(self, values: Mapping[str, Any]) -> Any:
        return values.get(self.place.name, MISSING)

    def clean(self, value: Any) -> Any:
        """Read what was typed; MISSING or null if nothing was."""
        if value is None or value in ("", []):
            return self.place.when_empty()
        return self.read(value)

    def show(self, value: Any) -> Any:
        """Write a JSON value for the widget."""
        return value if isinstance(value, str) else compact(value)

    def read(self, typed: Any) -> Any:
        """Turn what was typed into a JSON value, or raise ValidationError."""
        raise NotImplementedError

    def is_touched(self, value: Any) -> bool:
        """Whether a person entered something else than what was there."""
        start = self.place.start
        both_empty = value in (MISSING, None) and start in (MISSING, None)
        return not both_empty and value != start


class TextField(AnswerField):
    """Text, on one line or more; untouched text stays as it was, to the character."""

    def clean(self, value: Any) -> Any:
        """Keep an empty text where leaving it out would bring another one back."""
        is_said = self.place.start == "" or self.place.text("default")
        is_free = not (self.place.is_required or self.place.is_nullable)
        return "" if value == "" and is_said and is_free else super().clean(value)

    def read(self, typed: str) -> str:
        text = with_plain_lines(typed)
        start = self.place.start
        is_same = isinstance(start, str) and with_plain_lines(start) == text
        return start if is_same else text


class SuggestField(TextField):
    """Text for which some values are offered, and any other is taken."""

    template = "review/_field_suggest.html"

    def __init__(self, place: Place, suggestions: list[str]) -> None:
        self.suggestions = suggestions
        self.list_id = f"{place.name}-list"
        super().__init__(
            place, forms.TextInput({"autocomplete": "off", "list": self.list_id})
        )


class SecretField(TextField):
    """Text that is never sent to the page; left empty, the proposed one stays."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            place,
            forms.PasswordInput({"autocomplete": "new-password"}, render_value=True),
        )
        self.initial = None
        if place.start not in (MISSING, None):
            self.help_text += " Leave empty to keep the value that is proposed."

    def clean(self, value: Any) -> Any:
        kept = value in (None, "") and self.place.start is not MISSING
        return self.place.start if kept else super().clean(value)


class MomentField(TextField):
    """A date with time, or a time of day, from a picker that knows no offsets.

    Raises ValueError when the start cannot be shown by the picker.
    """

    def __init__(self, place: Place) -> None:
        self.is_time = place.text("format") == "time"
        kind = "time" if self.is_time else "datetime-local"
        super().__init__(place, forms.TextInput({"type": kind, "step": 1}))
        zone = "UTC" if self.is_time else timezone.get_current_timezone_name()
        self.help_text += f" Time zone: {zone}."

    def read(self, typed: str) -> str:
        """Keep an untouched start as it was; leave judging odd text to the schema."""
        try:
            is_same = isinstance(self.place.start, str) and (
                self.show(typed) == self.initial
            )
            read = moments.read_time if self.is_time else moments.read_moment
            return str(self.place.start) if is_same else read(typed)
        except ValueError:
            return typed

    def show(self, value: Any) -> str:
        return (moments.show_time if self.is_time else moments.show_moment)(str(value))


class IntegerField(AnswerField):
    """A whole number of any size, exactly."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            place, forms.TextInput({"inputmode": "numeric", "autocomplete": "off"})
        )

    def read(self, typed: str) -> int:
        text = typed.strip()
        if not INTEGER.fullmatch(text):
            raise forms.ValidationError("Enter a whole number, such as 10.")
        return int(text)


class NumberField(AnswerField):
    """A number: a whole one stays whole, any other becomes a finite float."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            place, forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
        )

    def read(self, typed: str) -> int | float:
        text = typed.strip()
        if INTEGER.fullmatch(text):
            return int(text)
        number = float(text) if NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(number):
            raise forms.ValidationError("Enter a number, such as 10 or 12.50.")
        return number


class CheckboxField(AnswerField):
    """A yes that may be left open: unchecked is no."""

    template = "review/_field_checkbox.html"

    def __init__(self, place: Place) -> None:
        super().__init__(place, forms.CheckboxInput())

    def clean(self, value: Any) -> bool:
        return bool(value)

    def show(self, value: Any) -> bool:
        return value is True

    def is_touched(self, value: Any) -> bool:
        return bool(value) != (self.place.start is True)


class RemoveField(CheckboxField):
    """Takes an item off a list; it is no value of its own."""

    def __init__(self, item: Place) -> None:
        place = replace(item, schema={"title": "Remove this item"}, mark="!remove")
        super().__init__(replace(place, is_required=False, start=MISSING))


class LinesField(AnswerField):
    """A list of texts or numbers, one a line."""

    note = "One a line."

    def __init__(self, place: Place, item: AnswerField) -> None:
        self.item = item
        super().__init__(place, forms.Textarea({"rows": 4}))

    def show(self, value: Any) -> str:
        return "\n".join(self.item.show(each) for each in value)

    def clean(self, value: Any) -> Any:
        lines = value and value.strip()
        return self.read(value) if lines else self.place.when_no_items()

    def read(self, typed: str) -> list[Any]:
        lines = with_plain_lines(typed).split("\n")
        return [self.item.read(line) for line in lines if line.strip()]


class FixedField(AnswerField):
    """A value that is shown and cannot be changed; nothing from outside is read."""

    template = "review/_field_fixed.html"

    def show(self, value: Any) -> str:
        return visible(super().show(value))

    def clean(self, value: Any) -> Any:
        return self.place.start

    def is_touched(self, value: Any) -> bool:
        return False


class JsonField(AnswerField):
    """The box for whatever has no fields of its own: JSON, read strictly."""

    note = "There are no fields for this part: enter it as JSON."

    def __init__(self, place: Place) -> None:
        super().__init__(place, forms.Textarea({"rows": 8, "spellcheck": "false"}))
        if place.start is None:
            self.initial = "null"

    def show(self, value: Any) -> str:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)

    def read(self, typed: str) -> Any:
        try:
            return load_strict(typed)
        except StrictJsonError as error:
            raise forms.ValidationError(str(error)) from None


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def with_plain_lines(text: str) -> str:
    """Undo the line ends that browsers send."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
