"""The plan of a form: groups and fields, made from a schema and what is proposed."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from review_app.schema_form.choice_fields import ChoiceField, ChoicesField
from review_app.schema_form.choices import YES_NO, Choice, find_choices
from review_app.schema_form.conditions import hides_fields
from review_app.schema_form.fields import (
    AnswerField,
    CheckboxField,
    FixedField,
    IntegerField,
    JsonField,
    LinesField,
    NumberField,
    RemoveField,
)
from review_app.schema_form.group import Group, Item, ItemList, Node
from review_app.schema_form.lists import are_lines, is_one_line, is_set
from review_app.schema_form.place import MISSING, Path, Place
from review_app.schema_form.shape import Schema, Shape, shape_of
from review_app.schema_form.text import text_field

MAX_FIELDS = 200
MAX_DEPTH = 6
MAX_ITEMS = 20
NEW_ITEMS = 2


def boolean_field(place: Place) -> AnswerField:
    wants_radio = place.hint("widget") in ("radio", "select")
    if place.is_required or place.is_nullable or wants_radio:
        return ChoiceField(place, YES_NO)
    return CheckboxField(place)


SCALARS: dict[str, Callable[[Place], AnswerField]] = {
    "boolean": boolean_field,
    "integer": IntegerField,
    "integer number": NumberField,
    "number": NumberField,
    "number integer": NumberField,
    "string": text_field,
}


def make_plan(schema: Schema | bool, start: Any = MISSING) -> Node:
    """Plan the fields for a schema; one box of JSON where there are too many."""
    root = schema if isinstance(schema, dict) else {}
    place = Place((), root, True, False, start, start is not MISSING)
    try:
        return _Planner(root).plan(Shape(root), place)
    except _TooManyFieldsError:
        return JsonField(place)


class _TooManyFieldsError(Exception):
    """References multiply the fields beyond what a page can hold."""


class _Planner:
    def __init__(self, root: Schema) -> None:
        self.root = root
        self.count = 0

    def plan(self, outer: Shape, place: Place) -> Node:
        """Plan one place, whose schema may refer to others and to null."""
        self.count += 1
        if self.count > MAX_FIELDS:
            raise _TooManyFieldsError
        shape = shape_of(place.schema, self.root, outer.followed)
        place = replace(place, schema=shape.schema, is_nullable=shape.is_nullable)
        if place.start is MISSING:
            place = replace(place, start=shape.schema.get("default", MISSING))
        if shape.is_circular or place.hint("widget") == "json":
            return JsonField(place)
        return self._find_listed(place) or self._plan_type(shape, place)

    def _find_listed(self, place: Place) -> AnswerField | None:
        """Plan a field whose values the schema spells out."""
        if place.schema.get("readOnly") is True:
            return FixedField(place)
        if "const" in place.schema:
            return _const_field(place)
        choices = find_choices(place.schema, self.root)
        if not choices:
            return None
        has_null = place.is_nullable or None in place.schema.get("enum", [])
        return ChoiceField(replace(place, is_nullable=has_null), choices)

    def _plan_type(self, shape: Shape, place: Place) -> Node:
        kind = " ".join(shape.types)
        if kind == "object":
            return self._plan_object(shape, place)
        if kind == "array":
            return self._plan_array(shape, place)
        return SCALARS.get(kind, JsonField)(place)

    def _plan_object(self, shape: Shape, place: Place) -> Node:
        is_deep = len(place.path) > MAX_DEPTH
        if is_deep or hides_fields(place.schema, self.root):
            return JsonField(place)
        members = [self.plan(shape, inner) for inner in _inner_places(place)]
        return Group(place, place.label, members).with_sections()

    def _plan_array(self, shape: Shape, place: Place) -> Node:
        item = shape_of(place.schema.get("items"), self.root, shape.followed)
        start = place.start
        is_odd = item.is_circular or item.is_nullable or "prefixItems" in place.schema
        if is_odd or not (start in (MISSING, None) or isinstance(start, list)):
            return JsonField(place)
        choices = find_choices(item.schema, self.root)
        if choices:
            return ChoicesField(place, choices) if is_set(start) else JsonField(place)
        if item.types == ["object"]:
            return self._plan_items(item, place)
        return self._plan_lines(item, place)

    def _plan_lines(self, item: Shape, place: Place) -> Node:
        """Plan a list of texts or numbers, if each fits on a line."""
        field = SCALARS.get(" ".join(item.types), JsonField)(
            Place(place.path, item.schema, True, False)
        )
        if is_one_line(field) and are_lines(place.start):
            return LinesField(place, field)
        return JsonField(place)

    def _plan_items(self, item: Shape, place: Place) -> Node:
        """Plan a list of objects: each proposed one, and a few empty ones."""
        given = place.start or []
        is_odd = not all(isinstance(each, dict) for each in given)
        is_big = len(given) > MAX_ITEMS or len(place.path) >= MAX_DEPTH
        if is_odd or is_big or hides_fields(item.schema, self.root):
            return JsonField(place)
        starts = [*given, *[MISSING] * _room(place.schema, len(given))]
        items = [
            self._plan_item(item, _item_place(place, item, i, each))
            for i, each in enumerate(starts)
        ]
        return ItemList(place, items)

    def _plan_item(self, item: Shape, place: Place) -> Item:
        is_new = place.start is MISSING
        members = [self.plan(item, inner) for inner in _inner_places(place)]
        title = f"{'New item' if is_new else 'Item'} {int(place.path[-1]) + 1}"
        group = Group(place, title, members).with_sections()
        return Item(group, None if is_new else RemoveField(place))


def _room(schema: Schema, given: int) -> int:
    """Say how many items can be added on one page."""
    least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    wanted = max(NEW_ITEMS, int(least) - given)
    return int(max(0, min(wanted, most - given, MAX_ITEMS)))


def _inner_places(place: Place) -> Iterator[Place]:
    """Name the properties of an object, in the order that their hints ask for."""
    properties: dict[str, Any] = place.schema["properties"]
    required = place.schema.get("required", [])
    start = place.start if isinstance(place.start, dict) else {}
    for name in sorted(properties, key=lambda name: _order(properties[name])):
        if properties[name] is not False:
            schema = properties[name] if isinstance(properties[name], dict) else {}
            path: Path = (*place.path, name)
            is_proposed = place.is_proposed and (
                place.start is MISSING or name in start
            )
            yield Place(
                path,
                schema,
                name in required,
                False,
                start.get(name, MISSING),
                is_proposed,
            )


def _item_place(place: Place, item: Shape, number: int, start: Any) -> Place:
    """An item of a list; a new one changes what was proposed for the whole list."""
    path = (*place.path, number)
    return Place(path, item.schema, False, False, start, place.is_proposed)


def _order(schema: Any) -> float:
    hints = schema.get("x-ui") if isinstance(schema, dict) else None
    order = hints.get("order") if isinstance(hints, dict) else None
    return order if isinstance(order, int | float) else math.inf


def _const_field(place: Place) -> AnswerField:
    """Show a constant that is sent in any case; offer one that may be left out."""
    value = place.schema["const"]
    is_sent = place.is_required or place.schema.get("default") == value
    if is_sent and not place.is_nullable:
        return FixedField(replace(place, is_nullable=False, start=value))
    return ChoiceField(place, [Choice(value, str(value))])
