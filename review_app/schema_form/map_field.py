"""A field for names that nobody knows beforehand, each with a value: labels, variables."""

from typing import Any

from django import forms

from review_app.schema_form.fields import AnswerField, with_plain_lines
from review_app.schema_form.lists import are_lines
from review_app.schema_form.place import MISSING, Place


class MapField(AnswerField):
    """Names and values, one pair a line."""

    note = "One a line, as: name = value"

    def __init__(self, place: Place, item: AnswerField) -> None:
        self.item = item
        super().__init__(place, forms.Textarea({"rows": 4, "spellcheck": "false"}))

    def show(self, value: Any) -> str:
        return "\n".join(
            f"{name} = {self.item.show(each)}" for name, each in value.items()
        )

    def clean(self, value: Any) -> Any:
        if value and value.strip():
            return self.read(value)
        is_asked = self.place.is_required and not self.place.is_nullable
        is_given = isinstance(self.place.start, dict)
        return {} if is_asked or is_given else self.place.when_empty()

    def read(self, typed: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, line in enumerate(with_plain_lines(typed).split("\n"), start=1):
            name, sign, value = (part.strip() for part in line.partition("="))
            if not line.strip():
                continue
            if not sign or not name or name in found:
                raise forms.ValidationError(
                    f"Line {number}: write a name, an equals sign and a value; "
                    "each name once."
                )
            found[name] = self.item.read(value)
        return found


def is_map(start: Any) -> bool:
    """Whether each pair of a start fits on a line, and comes back as it was."""
    if start in (MISSING, None):
        return True
    return isinstance(start, dict) and all(map(_is_pair, start.items()))


def _is_pair(pair: tuple[Any, Any]) -> bool:
    name, value = pair
    is_bare = isinstance(value, str) and value == value.strip()
    is_value = value == "" or (
        are_lines([value]) and (is_bare or not isinstance(value, str))
    )
    is_name = are_lines([name]) and isinstance(name, str) and name == name.strip()
    return is_value and is_name and "=" not in name
