"""A schema without its detours: references, unions with null and allOf are folded in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from workflows_app.engine.schema_bounds import find_part

Schema = dict[str, Any]

FOLDED = "x-folded"  # where the parts of an allOf stay, for their conditions
GUESSES = {
    "properties": "object",
    "items": "array",
    "pattern": "string",
    "minLength": "string",
    "maxLength": "string",
    "format": "string",
    "minimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}
MAX_FOLDS = 50  # longer chains of references are not followed


@dataclass(frozen=True)
class Shape:
    """What a form must know of a schema; the whole schema still checks the answer."""

    schema: Schema
    is_nullable: bool = False
    followed: frozenset[str] = frozenset()
    is_circular: bool = False

    @property
    def types(self) -> list[str]:
        """The JSON types asked for, guessed from other keywords where none is named."""
        named = self.schema.get("type")
        if isinstance(named, str):
            return [named]
        if isinstance(named, list):
            return [name for name in named if name != "null"]
        return [kind for keyword, kind in GUESSES.items() if keyword in self.schema][:1]


def shape_of(
    schema: Any, root: Schema, followed: frozenset[str] = frozenset()
) -> Shape:
    """Fold a schema until nothing is left to fold, at most MAX_FOLDS times."""
    shape = Shape(schema if isinstance(schema, dict) else {}, followed=followed)
    for _ in range(MAX_FOLDS):
        folded = _fold(shape, root)
        if folded == shape or folded.is_circular:
            return folded
        shape = folded
    return replace(shape, is_circular=True)


def _fold(shape: Shape, root: Schema) -> Shape:
    schema = shape.schema
    if isinstance(schema.get("$ref"), str):
        return _follow(shape, root)
    if isinstance(schema.get("allOf"), list):
        return _fold_all(shape, root)
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            return _fold_null(shape, keyword)
    named = schema.get("type")
    if isinstance(named, list) and "null" in named:
        rest = {**schema, "type": [name for name in named if name != "null"]}
        return replace(shape, schema=rest, is_nullable=True)
    return shape


def _follow(shape: Shape, root: Schema) -> Shape:
    """Put in what a reference points at; keywords beside the reference win."""
    reference = shape.schema["$ref"]
    if reference in shape.followed:
        return replace(shape, is_circular=True)
    target = find_part(root, reference)
    beside = {name: v for name, v in shape.schema.items() if name != "$ref"}
    return replace(
        shape,
        schema=merged([target, beside]),
        followed=shape.followed | {reference},
        is_circular=not isinstance(target, dict),
    )


def _fold_all(shape: Shape, root: Schema) -> Shape:
    beside = {name: v for name, v in shape.schema.items() if name != "allOf"}
    parts = [shape_of(part, root, shape.followed) for part in shape.schema["allOf"]]
    schemas = [part.schema for part in parts]
    return Shape(
        {**merged([*schemas, beside]), FOLDED: schemas},
        shape.is_nullable,
        shape.followed.union(*(part.followed for part in parts)),
        any(part.is_circular for part in parts),
    )


def _fold_null(shape: Shape, keyword: str) -> Shape:
    """Fold `anyOf [X, null]`, the way an optional value is written, into X."""
    options = shape.schema[keyword]
    others = [option for option in options if not _is_null(option)]
    if len(others) == 1 and isinstance(others[0], dict):
        beside = {name: v for name, v in shape.schema.items() if name != keyword}
        folded = merged([others[0], beside])
    elif len(others) < len(options):
        folded = {**shape.schema, keyword: others}
    else:
        return shape
    is_nullable = shape.is_nullable or len(others) < len(options)
    return replace(shape, schema=folded, is_nullable=is_nullable)


def _is_null(option: Any) -> bool:
    return isinstance(option, dict) and (
        option.get("type") == "null" or option.get("const", "") is None
    )


def merged(parts: Iterable[Any]) -> Schema:
    """Lay schemas over each other: later ones win, properties and required add up."""
    whole: Schema = {}
    for part in parts:
        if isinstance(part, dict):
            whole = {**whole, **part, **_added_up(whole, part)}
    return whole


def _added_up(first: Schema, second: Schema) -> Schema:
    """Join what two schemas ask for; a word in both means both."""
    joined: Schema = {}
    for keyword in {"properties", "required"} & first.keys() & second.keys():
        one, other = first[keyword], second[keyword]
        if isinstance(one, dict) and isinstance(other, dict):
            joined[keyword] = {**one, **other}
        if isinstance(one, list) and isinstance(other, list):
            joined[keyword] = [*one, *other]
    return joined
