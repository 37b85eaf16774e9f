"""A value of one of several forms: a person chooses the form, then fills in its fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from review_app.schema_form.choice_fields import ChoiceField
from review_app.schema_form.choices import Choice
from review_app.schema_form.fields import AnswerField
from review_app.schema_form.group import Node
from review_app.schema_form.place import MISSING, Place
from review_app.schema_form.shape import Schema, Shape
from workflows_app.engine.errors import ValidationError
from workflows_app.engine.schema import SchemaError, find_errors

MARK = "!kind"
DEFINITIONS = ("$defs", "definitions")
KINDS = {
    "string": "Text",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "Yes or no",
    "array": "List",
    "object": "Fields",
}


@dataclass(frozen=True)
class Variants:
    """The forms that a value may have, and the field in which one of them is chosen."""

    place: Place
    chooser: ChoiceField
    nodes: list[Node]
    schemas: list[Schema]

    @property
    def fields(self) -> Iterator[AnswerField]:
        yield self.chooser
        for node in self.nodes:
            yield from node.fields

    def parts(self, values: Mapping[str, Any]) -> list[Node]:
        """Only the form that was chosen counts, whatever stands in the others."""
        number = self._chosen(values)
        return [self.chooser] if number is None else [self.chooser, self.nodes[number]]

    def collect(self, values: Mapping[str, Any]) -> Any:
        number = self._chosen(values)
        if number is None:
            return self.place.when_empty()
        return self.nodes[number].collect(values)

    def find_errors(self, values: Mapping[str, Any], value: Any) -> list[SchemaError]:
        """What is wrong with a value of the form that was chosen."""
        number = self._chosen(values)
        try:
            return [] if number is None else find_errors(self.schemas[number], value)
        except ValidationError:  # it refers to a part of the whole that is not with it
            return []

    def _chosen(self, values: Mapping[str, Any]) -> int | None:
        key = values.get(self.chooser.place.name)
        return int(key) if key in self.chooser.choices else None


def chooser(place: Place, options: list[Shape], chosen: int | None) -> ChoiceField:
    """Offer the forms by name, as radio buttons: each shows its fields below itself."""
    titles = _titles(options)
    choices = [Choice(str(number), title) for number, title in enumerate(titles)]
    schema = {"title": place.label, "x-ui": {"widget": "radio"}}
    start = MISSING if chosen is None else str(chosen)
    return ChoiceField(replace(place, schema=schema, start=start, mark=MARK), choices)


def with_definitions(schema: Schema, root: Schema) -> Schema:
    """A part of a schema that can be used alone."""
    return {name: root[name] for name in DEFINITIONS if name in root} | schema


def find_fitting(schemas: list[Schema], start: Any) -> int | None:
    """Which of the forms a start has."""
    if start in (MISSING, None):
        return None
    for number, schema in enumerate(schemas):
        try:
            if not find_errors(schema, start):
                return number
        except ValidationError:
            continue
    return None


def _titles(options: list[Shape]) -> list[str]:
    """A name for each form; two that are called alike get numbers."""
    titles = [_title(option) for option in options]
    return [
        title if titles.count(title) == 1 else f"{title} ({number})"
        for number, title in enumerate(titles, start=1)
    ]


def _title(option: Shape) -> str:
    place = Place((), option.schema, True, False)
    kind = " ".join(KINDS.get(name, name) for name in option.types)
    return place.text("title") or _constant(option.schema) or kind or "Other"


def _constant(schema: Schema) -> str:
    """What tells a form from the others: a property of it that has only one value."""
    properties = schema.get("properties")
    for each in properties.values() if isinstance(properties, dict) else ():
        if isinstance(each, dict) and isinstance(each.get("const"), str):
            return Place((), {"title": each["const"]}, True, False).label
    return ""
