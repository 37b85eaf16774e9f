"""Fields that offer the values a schema lists."""

from typing import Any

from django import forms

from review_app.schema_form.choices import Choice, keyed
from review_app.schema_form.fields import AnswerField
from review_app.schema_form.place import Place

MAX_RADIOS = 5

Options = list[tuple[str, str]]


class ChoiceField(AnswerField):
    """One of some values: radio buttons for a few, a list for many."""

    def __init__(self, place: Place, choices: list[Choice]) -> None:
        self.choices = keyed(choices)
        super().__init__(place, self._widget(place))
        self.template = (
            "review/_field_choices.html"
            if self.widget.use_fieldset
            else "review/_field.html"
        )

    def show(self, value: Any) -> str | None:
        return key_of(value, self.choices)

    def read(self, typed: str) -> Any:
        return self.choices[typed].value if typed in self.choices else typed

    def _widget(self, place: Place) -> forms.Widget:
        options = [(key, choice.label) for key, choice in self.choices.items()]
        wish = place.hint("widget")
        if wish == "radio" or (wish != "select" and len(options) <= MAX_RADIOS):
            return forms.RadioSelect(choices=_with_none(place, options))
        empty = "Choose…" if place.is_required else "No answer"
        return forms.Select(choices=[("", empty), *options])


class ChoicesField(AnswerField):
    """Any number of some values, as checkboxes."""

    template = "review/_field_choices.html"

    def __init__(self, place: Place, choices: list[Choice]) -> None:
        self.choices = keyed(choices)
        options = [(key, choice.label) for key, choice in self.choices.items()]
        super().__init__(place, forms.CheckboxSelectMultiple(choices=options))

    def clean(self, value: Any) -> Any:
        """Read the checked ones, in the order of the start if they are the same."""
        chosen = [self._value(key) for key in value or ()]
        start = self.place.start
        if isinstance(start, list) and _are_same(chosen, start):
            return start
        return chosen or self.place.when_no_items()

    def show(self, value: Any) -> list[str]:
        keys = [key_of(each, self.choices) for each in value]
        return [key for key in keys if key is not None]

    def _value(self, key: str) -> Any:
        return self.choices[key].value if key in self.choices else key


def key_of(value: Any, choices: dict[str, Choice]) -> str | None:
    """Find the choice of a value; 1, 1.0 and true are three different values."""
    for key, choice in choices.items():
        if type(choice.value) is type(value) and choice.value == value:
            return key
    return None


def _with_none(place: Place, options: Options) -> Options:
    return (
        options
        if place.is_required and not place.is_nullable
        else [*options, ("", "No answer")]
    )


def _are_same(chosen: list[Any], start: list[Any]) -> bool:
    return len(chosen) == len(start) and all(each in start for each in chosen)
