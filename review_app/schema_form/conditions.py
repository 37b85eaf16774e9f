"""Objects whose fields depend on other answers, or have names that are not known."""

from collections.abc import Iterator
from typing import Any

from review_app.schema_form.shape import FOLDED, Schema, shape_of

LISTS = ("anyOf", "oneOf", FOLDED)
SINGLES = ("if", "then", "else")
MAPS = ("dependentSchemas", "dependencies")
MAX_DEPTH = 5


def hides_fields(schema: Schema, root: Schema) -> bool:
    """Whether an answer may need fields that a page without scripts cannot show."""
    known = schema.get("properties")
    if not isinstance(known, dict) or not known:
        return True
    if schema.get("patternProperties") or isinstance(
        schema.get("additionalProperties"), dict
    ):
        return True
    return any(name not in known for name in _branch_names(schema, root, MAX_DEPTH))


def _branch_names(schema: Schema, root: Schema, depth: int) -> Iterator[str]:
    """Find the properties that only some branches of a schema name."""
    for branch in _branches(schema) if depth else ():
        shape = shape_of(branch, root)
        if not shape.is_circular:
            properties = shape.schema.get("properties")
            yield from properties if isinstance(properties, dict) else ()
            yield from _branch_names(shape.schema, root, depth - 1)


def _branches(schema: Schema) -> Iterator[Any]:
    for keyword in LISTS:
        parts = schema.get(keyword)
        yield from parts if isinstance(parts, list) else ()
    for keyword in MAPS:
        named = schema.get(keyword)
        yield from named.values() if isinstance(named, dict) else ()
    yield from (schema[keyword] for keyword in SINGLES if keyword in schema)
