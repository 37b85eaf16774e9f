"""What somebody gives on a command line, read strictly."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings

from review_app.schema_form.shape import Schema, shape_of
from workflows_app.engine.strict_json import StrictJsonError, load_strict

from .ending import UNREADABLE, Error

PAIR = re.compile(r"(.+?)(:?=)(.*)", re.DOTALL)
AS_JSON = ":="
YES_NO = {"yes": True, "no": False}
STDIN = "-"


def read_json(given: str, what: str) -> Any:
    """A value from JSON, from `@file`, or from `-`, which is standard input."""
    try:
        return load_strict(_source(given), max_bytes=settings.INTAKE_LIMIT)
    except StrictJsonError as error:
        raise Error(f"{what}: {error}", UNREADABLE) from error


def read_input(
    document: str | None, pairs: Sequence[str], schema: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The fields of a run's input: those of a document, and pairs that go before them."""
    found = {} if document is None else read_json(document, "--input")
    if not isinstance(found, dict):
        raise Error("--input: the input is a JSON object.", UNREADABLE)
    return found | read_fields(pairs, schema)


def read_fields(
    pairs: Sequence[str], schema: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Fields from `key=value` and `key:=JSON`.

    The schema says which values are no text; where it says nothing they are text.
    """
    root: Schema = dict(schema or {})
    known = shape_of(root, root).schema.get("properties")
    types = known if isinstance(known, dict) else {}
    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = _take_apart(pair)
        if name in found:
            raise Error(f"{name} is given twice.", UNREADABLE)
        is_json = sign == AS_JSON
        found[name] = (
            read_json(text, name) if is_json else _value(text, types.get(name), root)
        )
    return found


def read_tags(pairs: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not name or not sign or name in found:
            message = f"--tag {pair!r}: write key=value, each key once."
            raise Error(message, UNREADABLE)
        found[name] = value
    return found


def read_id(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = f"{text!r} is no id of a {what}: ids have 36 characters."
        raise Error(message, UNREADABLE) from None


def read_file(name: str, most: int | None = None) -> bytes:
    """The bytes of a file, or of standard input for `-`; some more than `most` at most."""
    size = -1 if most is None else most + 1
    try:
        if name == STDIN:
            return _read_stdin(size)
        with Path(name).open("rb") as file:
            return file.read(size)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Error(f"{name} cannot be read: {reason}.", UNREADABLE) from error


def check_text(given: Any) -> None:
    """What is no text in the encoding of the terminal came as halves of characters."""
    texts = given if isinstance(given, list) else [given]
    for text in texts:
        if isinstance(text, str) and not _is_text(text):
            raise Error(f"{text!r} is no text in UTF-8.", UNREADABLE)


def _source(given: str) -> bytes | str:
    if given == STDIN:
        return read_file(STDIN, settings.INTAKE_LIMIT)
    if given.startswith("@"):
        return read_file(given[1:], settings.INTAKE_LIMIT)
    return given


def _read_stdin(size: int) -> bytes:
    buffer: BinaryIO = sys.stdin.buffer
    return buffer.read(size)


def _take_apart(pair: str) -> tuple[str, str, str]:
    found = PAIR.fullmatch(pair)
    if found is None:
        message = f"{pair!r}: write key=value, or key:=JSON for what is no text."
        raise Error(message, UNREADABLE)
    return found[1], found[2], found[3]


def _value(text: str, schema: Any, root: Schema) -> Any:
    """What a text means where no text is wanted; what it cannot mean stays a text."""
    types = shape_of(schema, root).types
    if not types or "string" in types:
        return text
    if "boolean" in types and text.lower() in YES_NO:
        return YES_NO[text.lower()]
    try:
        return load_strict(text)
    except StrictJsonError:
        return text


def _is_text(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)
