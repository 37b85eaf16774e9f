"""JSON Schemas of answers: which are accepted, and where a value does not fit."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema_rs import (
    Draft4Validator,
    Draft7Validator,
    RegexOptions,
    ValidationErrorKind,
    Validator,
    validator_for,
)
from jsonschema_rs import ValidationError as Mismatch

from workflows_app.engine.errors import ValidationError
from workflows_app.engine.schema_bounds import (
    check_alternatives,
    check_parts,
    check_size,
)
from workflows_app.engine.schema_messages import tell, tell_choices, tell_types

MAX_ERRORS = 100

Schema = dict[str, Any] | bool
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class SchemaError:
    """One thing that is wrong with a value: where, what to do, which keyword."""

    path: Path
    message: str
    kind: str


def check_schema(schema: Any) -> None:
    """Refuse a schema that is too big, too deep, too costly, or not valid."""
    if not isinstance(schema, dict | bool):
        raise ValidationError("A schema is a JSON object, or true or false.")
    text = _dump(schema)
    check_size(text)
    check_parts(schema)
    check_alternatives(schema)
    _compile(text)


def find_errors(schema: Schema, value: Any) -> list[SchemaError]:
    """Say all that is wrong with a value, the most telling sentence for each place.

    Raises ValidationError when the schema itself cannot be used.
    """
    validator = _compile(_dump(schema))
    try:
        if validator.is_valid(value):
            return []
        mismatches = islice(validator.iter_errors(value), MAX_ERRORS)
        told = [error for each in mismatches for error in _tell(each)]
    except (ValueError, RecursionError):
        return [SchemaError((), "This value cannot be written as JSON.", "value")]
    return list(dict.fromkeys(told))[:MAX_ERRORS]


def check_fields(schema: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> None:
    """Raise ValidationError naming every field of an event that does not fit."""
    problems = find_errors(dict(schema), dict(fields)) if schema is not None else []
    if problems:
        raise ValidationError(
            [f"{'.'.join(map(str, p.path)) or 'input'}: {p.message}" for p in problems]
        )


def _dump(schema: Any) -> str:
    try:
        text = json.dumps(schema, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationError(
            f"The schema cannot be written as JSON: {error}"
        ) from None
    return text


@lru_cache(maxsize=256)
def _compile(text: str) -> Validator:
    """Make a validator of the draft that the schema names, else of the newest it fits."""
    try:
        return _make(validator_for, text)
    except Mismatch as error:
        old = None if '"$schema"' in text else _find_old(text)
        if old is None:
            raise ValidationError(_tell_schema(error)) from None
        return old
    except ValueError as error:
        raise ValidationError(f"The schema cannot be used: {error}") from None


def _find_old(text: str) -> Validator | None:
    """Many forms still are of an old draft, and do not say so."""
    for draft in (Draft7Validator, Draft4Validator):
        try:
            return _make(draft, text)
        except ValueError:
            continue
    return None


def _make(draft: Callable[..., Validator], text: str) -> Validator:
    """Linear regular expressions, formats checked, no fetching."""
    return draft(
        text,
        validate_formats=True,
        retriever=_refuse,
        pattern_options=RegexOptions(),
    )


def _refuse(uri: str) -> Any:
    raise LookupError(f"{uri} is not part of the schema")


def _tell_schema(error: Mismatch) -> str:
    where = "/".join(map(str, error.instance_path)) or "its top"
    if isinstance(error.kind, ValidationErrorKind.Referencing):
        return f"The schema refers to something that is not in it: {error.message}."
    if isinstance(error.kind, ValidationErrorKind.Format):
        return (
            f"The schema has a pattern at {where} that is not accepted; "
            "look-around and back references are not."
        )
    return f"The schema is not valid at {where}: {error.message}."


def _tell(error: Mismatch) -> Iterator[SchemaError]:
    """Turn a mismatch into sentences, at the field that a missing value belongs to."""
    path, kind = tuple(error.instance_path), error.kind
    if isinstance(kind, ValidationErrorKind.AnyOf | ValidationErrorKind.OneOfNotValid):
        yield from _tell_branches(path, kind.name, kind.context)
    elif isinstance(kind, ValidationErrorKind.Required):
        yield SchemaError((*path, kind.property), tell(kind.name, {}), kind.name)
    else:
        yield SchemaError(path, tell(kind.name, kind.as_dict()), kind.name)


def _tell_branches(
    path: Path, keyword: str, branches: list[list[Mismatch]]
) -> Iterator[SchemaError]:
    """Tell of the one branch that was meant: the one whose type fits.

    An optional number is `anyOf [number, null]`; a number that is too large must be
    told so, and not that it fits none of the alternatives.
    """
    meant = [branch for branch in branches if not _is_other_kind(branch, path)]
    if len(meant) == 1:
        for error in meant[0]:
            yield from _tell(error)
    else:
        yield SchemaError(path, _tell_alternatives(keyword, branches), keyword)


def _is_other_kind(branch: list[Mismatch], path: Path) -> bool:
    """Whether a branch is about another kind of value altogether."""
    other = ValidationErrorKind.Type | ValidationErrorKind.Constant
    return any(
        isinstance(error.kind, other) and tuple(error.instance_path) == path
        for error in branch
    )


def _tell_alternatives(keyword: str, branches: list[list[Mismatch]]) -> str:
    kinds = [error.kind for branch in branches for error in branch]
    types = [kind.types for kind in kinds if isinstance(kind, ValidationErrorKind.Type)]
    options = [option for kind in kinds for option in _options(kind)]
    if len(types) == len(kinds):
        return tell_types(name for names in types for name in names)
    return tell_choices(options) if options else tell(keyword, {})


def _options(kind: ValidationErrorKind) -> list[Any]:
    if isinstance(kind, ValidationErrorKind.Constant):
        return [kind.expected_value]
    return kind.options if isinstance(kind, ValidationErrorKind.Enum) else []
