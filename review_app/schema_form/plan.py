"""The plan of a form: groups and fields, made from a schema and what is proposed."""

from collections.abc import Callable
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
    SuggestField,
)
from review_app.schema_form.group import Group, Item, ItemList, Node
from review_app.schema_form.lists import are_lines, is_one_line, is_set
from review_app.schema_form.map_field import MapField, is_map
from review_app.schema_form.place import MISSING, Place
from review_app.schema_form.places import MAX_ITEMS, inner_places, item_place, room
from review_app.schema_form.shape import Schema, Shape, merged, shape_of
from review_app.schema_form.text import is_long, text_field
from review_app.schema_form.variants import (
    Variants,
    chooser,
    find_fitting,
    with_definitions,
)

MAX_FIELDS = 200
MAX_DEPTH = 6
MAX_VARIANTS = 6
UNIONS = ("oneOf", "anyOf")


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
        if kind in SCALARS:
            return SCALARS[kind](place)
        return self._plan_union(shape, place)

    def _plan_object(self, shape: Shape, place: Place) -> Node:
        if len(place.path) > MAX_DEPTH:
            return JsonField(place)
        if not place.schema.get("properties"):
            return self._plan_map(place) or self._plan_union(shape, place)
        if hides_fields(place.schema, self.root):
            return JsonField(place)
        members = [self.plan(shape, inner) for inner in inner_places(place)]
        return Group(place, place.label, members).with_sections()

    def _plan_map(self, place: Place) -> Node | None:
        """Plan names that are not known, if each value fits on a line."""
        values = place.schema.get("additionalProperties")
        shape = shape_of(values, self.root)
        is_free = isinstance(values, dict) and "patternProperties" not in place.schema
        kind = SCALARS.get(" ".join(shape.types)) if is_free else None
        if kind is None or shape.is_nullable or shape.is_circular:
            return None
        item = kind(Place(place.path, shape.schema, True, False))
        is_plain = is_one_line(item) and not find_choices(shape.schema, self.root)
        return MapField(place, item) if is_plain and is_map(place.start) else None

    def _plan_union(self, shape: Shape, place: Place) -> Node:
        """Plan a value that may have one of several forms."""
        options = self._options(shape)
        if not 1 < len(options) <= MAX_VARIANTS or any(o.is_circular for o in options):
            return JsonField(place)
        if all(map(_is_text, options)):
            return self._plan_suggestions(place, options)
        if place.schema.get("properties") or not all(o.types for o in options):
            return JsonField(place)
        return self._plan_variants(place, options)

    def _options(self, shape: Shape) -> list[Shape]:
        """The forms of a value: those it lists, else one for each of its types."""
        schema = shape.schema
        base = {k: v for k, v in schema.items() if k not in (*UNIONS, "default")}
        for keyword in UNIONS:
            if isinstance(schema.get(keyword), list):
                found = [
                    shape_of(o, self.root, shape.followed) for o in schema[keyword]
                ]
                return [replace(o, schema=merged([base, o.schema])) for o in found]
        if not all(name in SCALARS for name in shape.types):
            return []
        return [Shape({**base, "type": name}) for name in shape.types]

    def _plan_variants(self, place: Place, options: list[Shape]) -> Node:
        schemas = [with_definitions(option.schema, self.root) for option in options]
        chosen = find_fitting(schemas, place.start)
        nodes = [
            self.plan(
                option,
                replace(
                    place,
                    schema=option.schema,
                    is_required=place.is_required or option.types == ["object"],
                    start=place.start if number == chosen else MISSING,
                    branch=f"{place.branch}!{number}",
                ),
            )
            for number, option in enumerate(options)
        ]
        return Variants(place, chooser(place, options, chosen), nodes, schemas)

    def _plan_suggestions(self, place: Place, options: list[Shape]) -> Node:
        """Plan a text for which some values are listed, and others are taken, too."""
        listed = [each for o in options for each in o.schema.get("enum", ())]
        texts = [each for each in listed if isinstance(each, str)]
        if not texts or is_long(place):
            return text_field(place)
        return SuggestField(place, texts)

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
        starts = [*given, *[MISSING] * room(place.schema, len(given))]
        items = [
            self._plan_item(item, item_place(place, item.schema, i, each))
            for i, each in enumerate(starts)
        ]
        return ItemList(place, items)

    def _plan_item(self, item: Shape, place: Place) -> Item:
        is_new = place.start is MISSING
        members = [self.plan(item, inner) for inner in inner_places(place)]
        title = f"{'New item' if is_new else 'Item'} {int(place.path[-1]) + 1}"
        group = Group(place, title, members).with_sections()
        return Item(group, None if is_new else RemoveField(place))


def _is_text(option: Shape) -> bool:
    values = option.schema.get("enum")
    if isinstance(values, list) and not option.types:
        return all(isinstance(each, str) for each in values)
    return option.types == ["string"]


def _const_field(place: Place) -> AnswerField:
    """Show a constant that is sent in any case; offer one that may be left out."""
    value = place.schema["const"]
    is_sent = place.is_required or place.schema.get("default") == value
    if is_sent and not place.is_nullable:
        return FixedField(replace(place, is_nullable=False, start=value))
    return ChoiceField(place, [Choice(value, str(value))])
