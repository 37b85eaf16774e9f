"""The places inside an object or a list, in the order in which the page shows them."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from review_app.schema_form.place import MISSING, Place
from review_app.schema_form.shape import Schema

MAX_ITEMS = 20
NEW_ITEMS = 2


def inner_places(place: Place) -> Iterator[Place]:
    """Name the properties of an object, in the order that their hints ask for."""
    properties: dict[str, Any] = place.schema["properties"]
    required = place.schema.get("required", [])
    start = place.start if isinstance(place.start, dict) else {}
    is_new = place.start is MISSING
    for name in sorted(properties, key=lambda name: _order(properties[name])):
        if properties[name] is not False:
            yield replace(
                place,
                path=(*place.path, name),
                schema=properties[name] if isinstance(properties[name], dict) else {},
                is_required=name in required,
                is_nullable=False,
                start=start.get(name, MISSING),
                is_proposed=place.is_proposed and (is_new or name in start),
            )


def item_place(place: Place, schema: Schema, number: int, start: Any) -> Place:
    """An item of a list; a new one changes what was proposed for the whole list."""
    path = (*place.path, number)
    item = replace(place, path=path, schema=schema, start=start)
    return replace(item, is_required=False, is_nullable=False)


def room(schema: Schema, given: int) -> int:
    """Say how many items can be added on one page."""
    least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    wanted = max(NEW_ITEMS, int(least) - given)
    return int(max(0, min(wanted, most - given, MAX_ITEMS)))


def _order(schema: Any) -> float:
    hints = schema.get("x-ui") if isinstance(schema, dict) else None
    order = hints.get("order") if isinstance(hints, dict) else None
    return order if isinstance(order, int | float) else math.inf
